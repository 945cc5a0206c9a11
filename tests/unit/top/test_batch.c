/* SPDX-License-Identifier: MIT */
/* Output as text: xentop's columns as Debian's xentop 4.17 printed them, and CSV. */
#include "sample_case.h"
#include "top/batch.h"

#include <stdlib.h>

static struct sample before, sample;
static struct rates rates;

#define HEADER "STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k) VBDS   " \
               "VBD_OO   VBD_RD   VBD_WR  VBD_RSECT  VBD_WSECT SSID\n"

/* The machine that xentop was run on. */
static void machine(void)
{
    sample_at(&before, 1);
    sample_at(&sample, 2);
    add_domain(&before, 0, "0")->cpu_time_ns = 20 * SECOND_NS;
    struct sample_domain *domain = add_domain(&sample, 0, "0");
    strcpy(domain->name, "Domain-0");
    domain->running = true;
    domain->cpu_time_ns = 20 * SECOND_NS + SECOND_NS * 95 / 1000;
    domain->memory_kib = 1048572;
    domain->vcpus_max = domain->vcpus_online = 1;
    add_vcpu(&sample, 0, 20 * SECOND_NS);
    for (int i = 1; i <= 2; i++) {
        domain = add_domain(&sample, (uint64_t)i, "guest");
        strcpy(domain->name, i == 1 ? "a" : "a-long-guest-name-of-32-letters!");
        domain->paused = true;
        domain->memory_kib = 65604;
        domain->max_memory_kib = 66560;
        domain->vcpus_max = 2;
        add_vcpu(&sample, 0, 0);
        add_vcpu(&sample, 1, 0)->online = false;
        if (i == 2)
            continue;
        *add_disk(&sample, 51712, 7) = (struct sample_disk){ 51712, "vbd", 3, 7, 15, 127, 255 };
        *add_disk(&sample, 51728, 7) = (struct sample_disk){ 51728, "vbd", 511, 1023, 2047, 16383, 32767 };
    }
    CU_ASSERT(rates_compute(&rates, &before, &sample));
}

static void check_batch(const struct batch_options *options, const char *expected)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    machine();
    batch_print(file, &sample, &rates, options);
    fclose(file);
    CU_ASSERT_STRING_EQUAL(text, expected);
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "printed:\n%s", text);
    free(text);
    sample_free(&before);
    sample_free(&sample);
    rates_free(&rates);
}

#define A_LINE " ----p-          0    0.0      65604    1.6      66560       1.6     2    0        0        0    2" \
               "      514     1030     2062      16510      33022    0\n"
#define B_LINE " ----p-          0    0.0      65604    1.6      66560       1.6     2    0        0        0    0" \
               "        0        0        0          0          0    0\n"
#define DOM0_LINE " -----r         20    9.5    1048572   25.0   no limit       n/a     1    0        0        0    0" \
                  "        0        0        0          0          0    0\n"

static void plain(void)
{
    check_batch(&(struct batch_options){ 0 }, "      NAME  " HEADER "         a" A_LINE "a-long-gue" B_LINE
                "  Domain-0" DOM0_LINE);
}

static void full_names(void)
{
    check_batch(&(struct batch_options){ .full_name = true },
                "                            NAME  " HEADER "                               a" A_LINE
                "a-long-guest-name-of-32-letters!" B_LINE "                        Domain-0" DOM0_LINE);
}

static void all_parts(void)
{
    check_batch(&(struct batch_options){ .vcpus = true, .networks = true, .disks = true, .repeat_header = true },
                "      NAME  " HEADER "         a" A_LINE
                "VCPUs(sec):   0:          0s\n"
                "VBD BlkBack 51712 [ca: 0]  OO:        3   RD:        7   WR:       15   RSECT:        127   WSECT:"
                "        255\n"
                "VBD BlkBack 51728 [ca:10]  OO:      511   RD:     1023   WR:     2047   RSECT:      16383   WSECT:"
                "      32767\n"
                "      NAME  " HEADER "a-long-gue" B_LINE "VCPUs(sec):   0:          0s\n"
                "      NAME  " HEADER "  Domain-0" DOM0_LINE "VCPUs(sec):   0:         20s\n");
}

static void a_network(void)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    sample_at(&sample, 1);
    add_domain(&sample, 1, "a");
    *add_network(&sample, 0, 0) = (struct sample_network){ 0, 2048, 2, 0, 1, 1024, 1, 0, 0 };
    rates_compute(&rates, &before, &sample);
    batch_print(file, &sample, &rates, &(struct batch_options){ .networks = true });
    fclose(file);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "    1        2        1    0 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nNet0 RX:     1024bytes        1pkts        0err        0drop  TX:     "
                                  "2048bytes"
                                  "        2pkts        0err        1drop\n"));
    free(text);
    sample_free(&sample);
    rates_free(&rates);
}

/* What a name may hold: neither a line of its own nor a terminal's orders, and no half characters. */
static void hostile_names(void)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    sample_at(&sample, 1);
    strcpy(add_domain(&sample, 1, "a")->name, "x\n\x1b[31mred");
    strcpy(add_domain(&sample, 2, "b")->name, "z\346\227\245\346\227\245\346\227\245\346\227\245");
    rates_compute(&rates, &before, &sample);
    batch_print(file, &sample, &rates, &(struct batch_options){ 0 });
    batch_print(file, &sample, &rates, &(struct batch_options){ .full_name = true });
    csv_print(file, &sample, &rates);
    fclose(file);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nx??[31mred ------ "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nz\346\227\245\346\227\245\346\227\245 ------ "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n1000,1,x??[31mred,a,"));
    for (const char *at = text; *at; at++)
        CU_ASSERT((unsigned char)*at >= ' ' || *at == '\n');
    free(text);
    sample_free(&sample);
    rates_free(&rates);
}

static void csv(void)
{
    char *text, *line;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    unsigned columns = 0, commas = 0;

    sample_at(&sample, 2);
    strcpy(add_domain(&sample, 3, "u")->name, "a,\"b\"");
    strcpy(add_domain(&sample, 4, "u")->name, "=1+1");
    rates_compute(&rates, &before, &sample);
    csv_print_header(file);
    csv_print(file, &sample, &rates);
    fclose(file);
    line = strchr(text, '\n') + 1;
    for (const char *at = text; at < line; at++)
        columns += *at == ',';
    CU_ASSERT_EQUAL(strncmp(line, "2000,3,\"a,\"\"b\"\"\",u,0,", 21), 0);
    for (const char *at = line; *at != '\n'; at++)
        commas += *at == ',';
    CU_ASSERT_EQUAL(commas, columns + 1); /* the name's own */
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\n2000,4,\"'=1+1\",u,"));
    CU_ASSERT_PTR_NULL(strstr(text, "nan"));
    free(text);
    sample_free(&sample);
    rates_free(&rates);
}

TEST_MAIN("text", { "plain", plain }, { "full_names", full_names }, { "all_parts", all_parts },
          { "a_network", a_network }, { "csv", csv },
          { "hostile_names", hostile_names })
