/* SPDX-License-Identifier: MIT */
/* A guest of the fake host: its kernel in a file, its configuration, and what fsck says of the host. */
#ifndef KEEL_TEST_GUEST_CASE_H
#define KEEL_TEST_GUEST_CASE_H

#include "../libctl/image_case.h"
#include "fake.h"

#include "libctl/config.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOST_KIB (256u << 10)

static char kernel_path[] = "/tmp/keel-kernel-XXXXXX";

static inline bool kernel_make(void)
{
    struct image image = image_make();
    int descriptor = mkstemp(kernel_path);
    bool made = descriptor >= 0 && write(descriptor, &image, sizeof(image)) == sizeof(image);

    if (descriptor >= 0)
        close(descriptor);
    return made;
}

/* A configuration with these lines more; freed with ctl_config_free. */
static inline struct ctl_config config_of(const char *name, const char *more)
{
    struct ctl_config_messages messages;
    struct ctl_config config;
    char text[1024];
    int length = snprintf(text, sizeof(text), "name = \"%s\"\nkernel = \"%s\"\nramdisk = \"%s\"\nmemory = 16\n"
                          "maxvcpus = 2\ncpus = \"0\"\ncpu_weight = 300\n%s\n", name, kernel_path, kernel_path, more);

    CU_ASSERT_EQUAL_FATAL(ctl_config_parse(&config, "g.cfg", text, (size_t)length, NULL, 0, &messages), 0);
    ctl_config_messages_free(&messages);
    return config;
}

/* A new host with a guest of this name and these lines; the handle is closed with ctl_close. */
static inline struct ctl *host_with(const char *name, const char *more, uint32_t *domid)
{
    struct ctl_config config = config_of(name, more);
    struct ctl *ctl;

    fake_start(HOST_KIB);
    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL_FATAL(ctl_domain_create(ctl, &config, 0, domid), 0);
    ctl_config_free(&config);
    return ctl;
}

/* ctld tells what it does: not here. Returns what loud() takes. */
static inline int quiet(void)
{
    int before = dup(STDERR_FILENO);

    CU_ASSERT_PTR_NOT_NULL_FATAL(freopen("/dev/null", "w", stderr));
    return before;
}

static inline void loud(int before)
{
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
}

/* What fsck finds; with `mend` all of it must be mended. */
static inline ssize_t findings(bool mend)
{
    struct ctl_finding *list;
    struct ctl *ctl;
    ssize_t count;

    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    count = ctl_fsck(ctl, mend, &list);
    CU_ASSERT(count >= 0);
    if (count < 0)
        fprintf(stderr, "fsck: %s\n", ctl_error(ctl));
    for (ssize_t i = 0; i < count; i++) {
        CU_ASSERT(!mend || list[i].mended);
        if (!mend || !list[i].mended)
            fprintf(stderr, "fsck finds: %s\n", list[i].text);
    }
    if (count >= 0)
        free(list);
    ctl_close(ctl);
    return count;
}

static inline void destroy_by_name(const char *name)
{
    uint32_t domid;
    struct ctl *ctl;

    CU_ASSERT_EQUAL_FATAL(ctl_open(&ctl), 0);
    CU_ASSERT_EQUAL(ctl_domain_find(ctl, name, &domid), 0);
    CU_ASSERT_EQUAL(ctl_domain_destroy(ctl, domid), 0);
    ctl_close(ctl);
}

/* The inventory is this one. `what` and `at` tell where it is not. */
static inline void all_is_as(const char *before, const char *what, unsigned at)
{
    char *after = fake_inventory();

    CU_ASSERT_STRING_EQUAL(after, before);
    if (strcmp(after, before) != 0)
        fprintf(stderr, "%s at point %u leaves:\n%s\n", what, at, after);
    free(after);
}

#endif
