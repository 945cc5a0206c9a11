/* SPDX-License-Identifier: MIT */
/* Small objects: zeroed, aligned, disjoint; every page comes back when its last object does. */
#include "memory_case.h"

#include <string.h>

/* Each size up to 2 MiB gets an object of at least that size, zero, and aligned as promised. */
static void sizes_and_alignment(void)
{
    static const size_t sizes[] = { 0, 1, 16, 17, 48, 64, 65, 100, 128, 513, 2048, 2049, 4096, 5000, 65536, MIB(2) };
    fake_memory_start(2048, 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
        uint8_t *object = object_allocate(sizes[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(object);
        CU_ASSERT_EQUAL((uintptr_t)object % (sizes[i] >= 64 ? 64 : 16), 0);
        for (size_t byte = 0; byte < sizes[i]; byte++)
            if (object[byte])
                CU_FAIL_FATAL("an object is not zero");
        memset(object, 0xee, sizes[i]);
        object_free(object);
        CU_ASSERT_EQUAL(page_free_count(), 2048);
    }
    CU_ASSERT_PTR_NULL(object_allocate(MIB(2) + 1));
    CU_ASSERT_PTR_NULL(object_allocate(~(size_t)0));
    object_free(NULL);
}

/* A thousand objects of one class share pages, none overlaps another, and freeing in another order gives all back. */
static void objects_share_pages(void)
{
    static uint32_t *objects[1000];
    fake_memory_start(2048, 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
        objects[i] = object_allocate(64);
        CU_ASSERT_PTR_NOT_NULL_FATAL(objects[i]);
        CU_ASSERT_EQUAL(objects[i][0], 0);
        for (unsigned int word = 0; word < 16; word++)
            objects[i][word] = i + 1;
    }
    CU_ASSERT_EQUAL(page_free_count(), 2048 - (1000 + 63) / 64);
    for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
        uint32_t *object = objects[i * 7 % 1000];
        for (unsigned int word = 0; word < 16; word++)
            CU_ASSERT_EQUAL(object[word], i * 7 % 1000 + 1);
        object_free(object);
    }
    CU_ASSERT_EQUAL(page_free_count(), 2048);
}

/* With no memory left there is no object, and one that is freed can be had again. */
static void exhaustion(void)
{
    void *last = NULL;
    unsigned int count = 0;
    fake_memory_start(4, 0);
    for (void *object; (object = object_allocate(2048)); last = object)
        count++;
    CU_ASSERT_EQUAL(count, 8);
    CU_ASSERT_PTR_NULL(object_allocate(16));
    object_free(last);
    CU_ASSERT_PTR_EQUAL(object_allocate(2000), last);
}

int main(void)
{
    return case_run("object allocator", (const CU_TestInfo[]){
        { "exhaustion", exhaustion },
        { "sizes and alignment", sizes_and_alignment },
        { "objects share pages", objects_share_pages },
        CU_TEST_INFO_NULL,
    });
}
