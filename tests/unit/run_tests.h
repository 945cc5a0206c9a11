/* SPDX-License-Identifier: MIT */
/* What every unit test program's main does: one suite, its tests in order, and an exit status. */
#ifndef KEEL_TEST_RUN_TESTS_H
#define KEEL_TEST_RUN_TESTS_H

#include <CUnit/Basic.h>
#include <stddef.h>

/* A test that is called as its function is. The others' names say in one line what they prove. */
#define TEST_CASE(function) { #function, function }

/* Runs them all and prints CUnit's summary. Returns what main does: 0 if all have passed. */
static inline int run_tests(const char *suite_name, const CU_TestInfo *tests, size_t count)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        if (!suite || !CU_add_test(suite, tests[i].pName, tests[i].pTestFunc))
            return 1;
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned int failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
#define RUN_TESTS(suite, tests) run_tests(suite, tests, sizeof(tests) / sizeof((tests)[0]))

#endif
