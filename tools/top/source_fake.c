/* SPDX-License-Identifier: MIT */
/*
 * A made-up machine: so that the screen can be tried, and tested, where there is no hypervisor. Everything follows
 * from the number of guests and of the sample; two runs show the same. Each guest has a load of its own that rises and
 * falls; some are paused, one has crashed, every sixteenth comes and goes.
 */
#include "source.h"

#include <stdlib.h>
#include <string.h>

#define HOST_CPUS 8
#define HOST_MEMORY_KIB (64ull << 20)
#define START_NS 1000000000ull
#define START_MS 1700000000000ull
#define BACKUP_POOL_FROM 12 /* every fourth guest from here on lives in the second pool */

/* What a guest has used up so far. */
struct fake_guest {
    uint64_t cpu_time_ns, wait_time_ns, wakeups, store_requests, rx_bytes, tx_bytes, reads, writes, born;
    uint64_t exits[SAMPLE_EXITS], hypercalls[SAMPLE_CALLS];
};

struct source_fake {
    struct source source;
    unsigned guests;
    uint64_t step_ns, number; /* of samples made */
    uint64_t idle_time_ns[HOST_CPUS];
    struct fake_guest states[];
};

static struct source_fake *fake_of(struct source *source)
{
    return (struct source_fake *)source;
}

/* A number that looks arbitrary and never changes. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t value = a * 0x9e3779b97f4a7c15ull + b * 0xbf58476d1ce4e5b9ull;

    value ^= value >> 29;
    value *= 0x94d049bb133111ebull;
    return value ^ value >> 32;
}

enum fake_state { FAKE_RUNS, FAKE_BLOCKED, FAKE_PAUSED, FAKE_CRASHED };

static enum fake_state state_of(unsigned guest)
{
    if (guest == 7)
        return FAKE_CRASHED;
    if (guest % 23 == 5)
        return FAKE_PAUSED;
    return mix(guest, 1) % 4 ? FAKE_BLOCKED : FAKE_RUNS;
}

static unsigned vcpus_of(unsigned guest)
{
    return guest == 0 ? 4 : 1u << mix(guest, 2) % 3;
}

/* The load of a guest in thousandths of one CPU. */
static uint64_t load_of(const struct source_fake *fake, unsigned guest)
{
    enum fake_state state = state_of(guest);
    uint64_t most = state == FAKE_RUNS ? 900 * vcpus_of(guest) : 150;

    if (state == FAKE_PAUSED || state == FAKE_CRASHED)
        return 0;
    return most * (8 + mix(guest, fake->number / 4) % 9) / 16 * 4 / (4 + fake->guests / 8);
}

/* Every sixteenth guest is away for four samples of twelve. */
static bool is_there(const struct source_fake *fake, unsigned guest)
{
    return guest % 16 != 9 || fake->number % 12 < 8;
}

static const uint64_t exit_weights[SAMPLE_EXITS] = {
    [SAMPLE_EXIT_HYPERCALL] = 40, [SAMPLE_EXIT_MSR] = 25, [SAMPLE_EXIT_HLT] = 15, [SAMPLE_EXIT_INTERRUPT] = 12,
    [SAMPLE_EXIT_FAULT] = 5,      [SAMPLE_EXIT_CPUID] = 2, [SAMPLE_EXIT_WINDOW] = 1,
};
static const uint64_t call_weights[SAMPLE_CALLS] = {
    [SAMPLE_CALL_EVENT] = 60, [SAMPLE_CALL_SCHED] = 25, [SAMPLE_CALL_VCPU] = 10, [SAMPLE_CALL_GRANT] = 5,
};

static uint64_t sum_of(const uint64_t *numbers, size_t count)
{
    uint64_t sum = 0;

    while (count--)
        sum += numbers[count];
    return sum;
}

static void advance(struct source_fake *fake, unsigned guest)
{
    struct fake_guest *state = &fake->states[guest];
    uint64_t load = load_of(fake, guest), ms = fake->step_ns / 1000000;

    if (!is_there(fake, guest)) {
        memset(state, 0, sizeof(*state));
        state->born = fake->number;
        return;
    }
    state->cpu_time_ns += fake->step_ns / 1000 * load;
    state->wait_time_ns += fake->step_ns / 1000 * (load / 9);
    state->wakeups += load * ms / 400;
    /* a twentieth of load * ms is exits, by weights in hundredths; hypercalls are as many as exits for them */
    for (size_t i = 0; i < SAMPLE_EXITS; i++)
        state->exits[i] += load * ms / 20 * exit_weights[i] / 100;
    for (size_t i = 0; i < SAMPLE_CALLS; i++)
        state->hypercalls[i] += load * ms / 20 * exit_weights[SAMPLE_EXIT_HYPERCALL] / 100 * call_weights[i] / 100;
    state->store_requests += mix(guest, fake->number) % 4 * ms / 1000;
    state->rx_bytes += load * ms * (mix(guest, 3) % 70);
    state->tx_bytes += load * ms * (mix(guest, 4) % 9);
    state->reads += load * ms / 10000 * (mix(guest, 5) % 7);
    state->writes += load * ms / 10000 * (mix(guest, 6) % 5);
}

static bool add_vcpus(struct source_fake *fake, struct sample *sample, unsigned guest)
{
    unsigned count = vcpus_of(guest);
    const struct fake_guest *state = &fake->states[guest];
    size_t first = sample->vcpus.count;

    for (unsigned id = 0; id < count; id++) {
        struct sample_vcpu *vcpu = sample_array_add(&sample->vcpus, sizeof(*vcpu));

        if (!vcpu)
            return false;
        *vcpu = (struct sample_vcpu){
            .id = id, .cpu = (guest + id) % HOST_CPUS, .online = true, .running = state_of(guest) == FAKE_RUNS,
            .blocked = state_of(guest) == FAKE_BLOCKED, .cpu_time_ns = state->cpu_time_ns / count,
            .wait_time_ns = state->wait_time_ns / count, .wakeups = state->wakeups / count,
            .exits = sum_of(state->exits, SAMPLE_EXITS) / count,
        };
    }
    struct sample_domain *domain = sample_domain(sample, sample->domains.count - 1);

    domain->vcpus_first = first;
    domain->vcpus_count = count;
    return true;
}

static bool add_devices(struct source_fake *fake, struct sample *sample, unsigned guest)
{
    const struct fake_guest *state = &fake->states[guest];
    struct sample_domain *domain = sample_domain(sample, sample->domains.count - 1);
    struct sample_network *network = sample_array_add(&sample->networks, sizeof(*network));
    struct sample_disk *disk = sample_array_add(&sample->disks, sizeof(*disk));

    if (!network || !disk)
        return false;
    *network = (struct sample_network){ .rx_bytes = state->rx_bytes, .rx_packets = state->rx_bytes / 900,
                                        .tx_bytes = state->tx_bytes, .tx_packets = state->tx_bytes / 300 };
    *disk = (struct sample_disk){ .id = 51712, .backend = "vbd", .reads = state->reads, .writes = state->writes,
                                  .read_sectors = state->reads * 32, .write_sectors = state->writes * 16 };
    domain->networks_first = sample->networks.count - 1;
    domain->disks_first = sample->disks.count - 1;
    domain->networks_count = domain->disks_count = 1;
    return true;
}

static bool add_domain(struct source_fake *fake, struct sample *sample, unsigned guest)
{
    struct sample_domain *domain = sample_array_add(&sample->domains, sizeof(*domain));
    const struct fake_guest *state = &fake->states[guest];
    static const char *const kinds[] = { "web", "db", "mail", "build", "cache", "dns" };

    if (!domain)
        return false;
    *domain = (struct sample_domain){
        .domid = guest,
        .running = state_of(guest) == FAKE_RUNS, .blocked = state_of(guest) == FAKE_BLOCKED,
        .paused = state_of(guest) == FAKE_PAUSED, .shutdown = state_of(guest) == FAKE_CRASHED,
        .crashed = state_of(guest) == FAKE_CRASHED, .pool = guest >= BACKUP_POOL_FROM && guest % 4 == 0,
        .vcpus_online = vcpus_of(guest), .vcpus_max = vcpus_of(guest),
        .memory_kib = guest ? 131072ull << mix(guest, 7) % 3 : 2097152, .cpu_time_ns = state->cpu_time_ns,
        .wait_time_ns = state->wait_time_ns, .wakeups = state->wakeups,
        .exits = sum_of(state->exits, SAMPLE_EXITS), .hypercalls = sum_of(state->hypercalls, SAMPLE_CALLS),
        .store_requests = state->store_requests,
    };
    memcpy(domain->exits_by, state->exits, sizeof(domain->exits_by));
    memcpy(domain->hypercalls_by, state->hypercalls, sizeof(domain->hypercalls_by));
    domain->max_memory_kib = guest ? domain->memory_kib + 1024 : SAMPLE_UNKNOWN;
    snprintf(domain->uuid, sizeof(domain->uuid), "00000000-0000-4000-8000-%06x%06x", (unsigned)state->born & 0xffffff,
             guest);
    if (guest)
        snprintf(domain->name, sizeof(domain->name), "%s%02u", kinds[mix(guest, 8) % 6], guest);
    else
        snprintf(domain->name, sizeof(domain->name), "Domain-0");
    if ((fake->source.parts & SAMPLE_VCPUS) && !add_vcpus(fake, sample, guest))
        return false;
    return guest == 0 || add_devices(fake, sample, guest);
}

static bool add_host(struct source_fake *fake, struct sample *sample, uint64_t load)
{
    static const char *const pools[] = { "Pool-0", "backup" };

    sample->host = (struct sample_host){
        .time_ns = START_NS + fake->number * fake->step_ns,
        .wall_time_ms = START_MS + fake->number * (fake->step_ns / 1000000), .parts = fake->source.parts | SAMPLE_NETWORKS | SAMPLE_DISKS,
        .cpus = HOST_CPUS,
        .cpu_khz = 2600000, .memory_kib = HOST_MEMORY_KIB, .name = "example", .hypervisor = "made up",
    };
    for (size_t i = 0; i < 2; i++) {
        struct sample_pool *pool = sample_array_add(&sample->pools, sizeof(*pool));

        if (!pool)
            return false;
        pool->id = i;
        strcpy(pool->name, pools[i]);
        strcpy(pool->scheduler, "credit2");
    }
    for (size_t i = 0; i < HOST_CPUS; i++) {
        struct sample_cpu *cpu = sample_array_add(&sample->cpus, sizeof(*cpu));
        uint64_t share = load / HOST_CPUS * (80 + mix(i, fake->number) % 41) / 100;

        if (!cpu)
            return false;
        fake->idle_time_ns[i] += fake->step_ns / 1000 * (share < 1000 ? 1000 - share : 0);
        *cpu = (struct sample_cpu){ .id = i, .idle_time_ns = fake->idle_time_ns[i] };
    }
    return true;
}

static int fake_next(struct source *source, struct sample *sample)
{
    struct source_fake *fake = fake_of(source);
    uint64_t load = 0, used_kib = 0;
    bool good = true;

    sample_clear(sample);
    fake->number++;
    for (unsigned guest = 0; good && guest <= fake->guests; guest++) {
        advance(fake, guest);
        if (!is_there(fake, guest))
            continue;
        load += load_of(fake, guest);
        good = add_domain(fake, sample, guest);
        used_kib += good ? sample_domain(sample, sample->domains.count - 1)->memory_kib : 0;
    }
    if (!good || !add_host(fake, sample, load)) {
        snprintf(source->error, sizeof(source->error), "there is no memory for a sample");
        return -1;
    }
    sample->host.free_kib = used_kib < HOST_MEMORY_KIB ? HOST_MEMORY_KIB - used_kib : 0;
    return 1;
}

static void fake_close(struct source *source)
{
    free(fake_of(source));
}

struct source *source_fake_open(unsigned guests, uint64_t step_ns, const char **error)
{
    struct source_fake *fake = calloc(1, sizeof(*fake) + (guests + 1) * sizeof(fake->states[0]));

    if (!fake) {
        *error = "there is no memory for so many guests";
        return NULL;
    }
    fake->source = (struct source){ .next = fake_next, .close = fake_close, .parts = SAMPLE_ALL };
    fake->guests = guests;
    fake->step_ns = step_ns;
    return &fake->source;
}
