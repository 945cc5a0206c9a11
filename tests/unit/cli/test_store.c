/* SPDX-License-Identifier: MIT */
/*
 * The verbs `ctl store ...` against a store daemon of their own: their text beside that of Debian's xenstore-* tools,
 * JSON, all-or-none changes, errors with their sentences, and a watch that outlives the daemon.
 */
#include "../run_tests.h"
#include "cli/store_session.h"
#include "outcome.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <yajl/yajl_tree.h>

#define DAEMON "build/bin/stored"
#define UNPACKED "build/debian/xen"

static char base[] = "/tmp/cli-store-XXXXXX", socket_path[64], state_path[64];
static pid_t daemon_pid;

static bool start_daemon(void)
{
    struct xs_handle *handle = NULL;

    fflush(NULL);
    daemon_pid = fork();
    if (daemon_pid == 0) {
        int null = open("/dev/null", O_RDWR);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execl(DAEMON, "stored", "--no-domains", "--foreground", "--socket", socket_path, "--state", state_path, NULL);
        _exit(127);
    }
    for (int i = 0; i < 1000 && !handle; i++) {
        usleep(10000);
        handle = xs_open(0);
    }
    xs_close(handle);
    return handle;
}

static void end_daemon(int signal_number)
{
    kill(daemon_pid, signal_number);
    waitpid(daemon_pid, NULL, 0);
}

#define RUN(...) outcome_of(cli_main, "ctl", (const char *const[]){ "store", __VA_ARGS__, NULL })

static void gives(struct outcome outcome, int status, const char *out, const char *err)
{
    CU_ASSERT_EQUAL(outcome.status, status);
    CU_ASSERT_STRING_EQUAL(outcome.out, out);
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.err, err));
    CU_ASSERT(*err || !*outcome.err);
    if (strcmp(outcome.out, out) != 0 || !strstr(outcome.err, err))
        fprintf(stderr, "expected: %s%s\ngot: %s%s\n", out, err, outcome.out, outcome.err);
    end(&outcome);
}

static void escapes(void)
{
    static const struct {
        const char *typed;
        ptrdiff_t size;
        const char *bytes, *shown;
    } cases[] = {
        { "plain text", 10, "plain text", "plain text" },
        { "", 0, "", "" },
        { "a\\n\\t\\r\\\\b", 6, "a\n\t\r\\b", "a\\n\\t\\r\\\\b" },
        { "\\x41\\101\\q\\\"", 4, "AAq\"", "AAq\"" },
        { "\\x4\\x414\\1\\18\\0012", 8, "\004A4\001\0018\0012", "\\004A4\\001\\0018\\0012" },
        { "\\x00b\\377\\x7f\\b\\x08", 6, "\0b\377\177b\b", "\\000b\\xff\\x7fb\\x08" },
        { "\\", -1, NULL, NULL },
        { "\\xg", -1, NULL, NULL },
        { "\\777", -1, NULL, NULL },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64];

        strcpy(text, cases[i].typed);
        CU_ASSERT_EQUAL(store_unescape(text), cases[i].size);
        if (cases[i].size < 0)
            continue;
        CU_ASSERT_EQUAL(memcmp(text, cases[i].bytes, (size_t)cases[i].size), 0);
        char *shown = store_escape(text, (size_t)cases[i].size);

        CU_ASSERT_STRING_EQUAL(shown, cases[i].shown);
        free(shown);
    }
}

static void nodes(void)
{
    gives(RUN("write", "/n/a", "1\\t", "/n/b/c", "x", "/n/d", ""), 0, "", "");
    gives(RUN("read", "/n/a", "/n/d", "/n/b/c"), 0, "1\\t\n\nx\n", "");
    gives(RUN("read", "-p", "/n/b/c"), 0, "/n/b/c: x\n", "");
    gives(RUN("read", "-R", "/n/a", "/n/b/c"), 0, "1\tx", "");
    gives(RUN("list", "/n"), 0, "a\nb\nd\n", "");
    gives(RUN("list", "-p", "/n/b"), 0, "/n/b/c\n", "");
    gives(RUN("mkdir", "/n/e/f", "/n/a"), 0, "", "");
    gives(RUN("ls", "/n"), 0, "a = \"1\\t\"\nb = \"\"\n c = \"x\"\nd = \"\"\ne = \"\"\n f = \"\"\n", "");
    gives(RUN("ls", "-f", "/n/e", "/n/b"), 0, "/n/e/f = \"\"\n/n/b/c = \"x\"\n", "");
    gives(RUN("chmod", "/n/e/f", "n0", "r5", "b7"), 0, "", "");
    gives(RUN("ls", "-fp", "/n/e"), 0, "/n/e/f = \"\"   (n0,r5,b7)\n", "");
    gives(RUN("chmod", "-u", "/n/e/f", "n3"), 0, "", "");
    gives(RUN("chmod", "-r", "/n/b", "r4"), 0, "", "");
    gives(RUN("ls", "-fp", "/n"), 0,
          "/n/a = \"1\\t\"   (n0)\n/n/b = \"\"   (r4)\n/n/b/c = \"x\"   (r4)\n/n/d = \"\"   (n0)\n"
          "/n/e = \"\"   (n3)\n/n/e/f = \"\"   (n3)\n",
          "");
    gives(RUN("exists", "/n", "/n/a"), 0, "", "");
    gives(RUN("exists", "/n", "/n/x"), 1, "", "");
    gives(RUN("rm", "-t", "/n/e/f"), 0, "", "");
    gives(RUN("exists", "/n/e"), 1, "", "");
    gives(RUN("rm", "/n/x", "/n/b"), 0, "", "");
    gives(RUN("list", "/n"), 0, "a\nd\n", "");
    gives(RUN("rm", "/n"), 0, "", "");
}

static void errors(void)
{
    gives(RUN("read", "/none"), 1, "", "ctl: cannot read /none: there is no such node\n");
    gives(RUN("ls", "/none"), 1, "", "ctl: cannot list /none: there is no such node\n");
    gives(RUN("list", "a//b"), 1, "", "ctl: cannot list a//b: the store takes this for no valid path or value\n");
    gives(RUN("ls", ""), 1, "", "ctl: cannot list : the store");
    gives(RUN("chmod", "/none", "n0"), 1, "", "ctl: cannot set the permissions of /none: there is no such node\n");
    gives(RUN("chmod", "/none", "x1"), 2, "", "ctl: \"x1\" is no permission: n, r, w or b and a domain's number");
    gives(RUN("rm", "/"), 1, "", "ctl: cannot remove /: ");
    gives(RUN("write", "/a", "1", "/b"), 2, "", "ctl: /b has no value: paths and values come in pairs\n");
    gives(RUN("write", "/a", "\\"), 2, "", "ctl: \"\\\" has an escape that is none");
    gives(RUN("watch", "-n", "0", "/a"), 2, "", "ctl: \"0\" is no number of events\n");
    gives(RUN("lx"), 2, "", "ctl: there is no verb \"store lx\"; did you mean \"store ls\"?\n");
    gives(outcome_of(cli_main, "ctl", (const char *const[]){ "store", NULL }), 2, "",
          "ctl: store needs one word more: ls, read, ");
    /* all or nothing */
    gives(RUN("write", "/a", "1", "//", "2"), 1, "", "ctl: cannot write //: ");
    gives(RUN("exists", "/a"), 1, "", "");
    /* what can be read is shown */
    gives(RUN("write", "/a", "1"), 0, "", "");
    gives(RUN("read", "/none", "/a"), 1, "1\n", "ctl: cannot read /none: there is no such node\n");
    gives(RUN("rm", "/a"), 0, "", "");
}

/* The text at a path of members and numbers of elements. */
static const char *at(yajl_val tree, const char *const *path)
{
    for (; tree && *path; path++) {
        if (YAJL_IS_ARRAY(tree)) {
            tree = (size_t)atoi(*path) < tree->u.array.len ? tree->u.array.values[atoi(*path)] : NULL;
        } else {
            const char *name[] = { *path, NULL };

            tree = yajl_tree_get(tree, name, yajl_t_any);
        }
    }
    return !tree ? "(none)" : YAJL_IS_STRING(tree) ? YAJL_GET_STRING(tree) : YAJL_IS_TRUE(tree) ? "true" : "false";
}
#define AT(tree, ...) at(tree, (const char *const[]){ __VA_ARGS__, NULL })

static yajl_val parse(struct outcome outcome, int status)
{
    char why[200];
    yajl_val tree = yajl_tree_parse(outcome.out, why, sizeof(why));

    CU_ASSERT_EQUAL(outcome.status, status);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    end(&outcome);
    return tree;
}

static void documents(void)
{
    gives(RUN("write", "/j/a", "\\xc3\\xa9\"", "/j/b", "\\xff\\n"), 0, "", "");
    yajl_val tree = parse(RUN("ls", "-p", "--json", "/j"), 0);

    CU_ASSERT_STRING_EQUAL(AT(tree, "schema"), "keel.store-ls/1");
    CU_ASSERT_STRING_EQUAL(AT(tree, "nodes", "0", "path"), "/j/a");
    CU_ASSERT_STRING_EQUAL(AT(tree, "nodes", "0", "value"), "\xc3\xa9\"");
    CU_ASSERT_STRING_EQUAL(AT(tree, "nodes", "0", "permissions"), "n0");
    CU_ASSERT_STRING_EQUAL(AT(tree, "nodes", "1", "value_hex"), "ff0a");
    yajl_tree_free(tree);
    tree = parse(RUN("read", "--json", "/j/a"), 0);
    CU_ASSERT_STRING_EQUAL(AT(tree, "nodes", "0", "value"), "\xc3\xa9\"");
    yajl_tree_free(tree);
    tree = parse(RUN("list", "--json", "/j"), 0);
    CU_ASSERT_STRING_EQUAL(AT(tree, "nodes", "0", "children", "1"), "b");
    yajl_tree_free(tree);
    tree = parse(RUN("exists", "--json", "/j/a", "/j/x"), 1);
    CU_ASSERT_STRING_EQUAL(AT(tree, "nodes", "0", "exists"), "true");
    CU_ASSERT_STRING_EQUAL(AT(tree, "nodes", "1", "exists"), "false");
    yajl_tree_free(tree);
    gives(RUN("read", "--json", "/none"), 1, "{\n    \"schema\": \"keel.store-read/1\",\n    \"nodes\": [\n\n    ]\n}\n",
          "\"verb\":\"store read\",\"message\":\"cannot read /none: there is no such node\",\"exit_status\":1,"
          "\"errno\":\"ENOENT\"}\n");
    gives(RUN("watch", "--json", "-n", "1", "/j"), 0,
          "{\"schema\":\"keel.store-watch/1\",\"path\":\"/j\",\"watch\":\"/j\"}\n", "");
    gives(RUN("rm", "/j"), 0, "", "");
}

/* A reply of the daemon has no room for so many connections; all of them are told nevertheless. */
static void statistics(void)
{
    struct xs_handle *handles[80];
    size_t count = 0;

    for (; count < sizeof(handles) / sizeof(handles[0]); count++)
        CU_ASSERT_PTR_NOT_NULL_FATAL(handles[count] = xs_open(0));
    yajl_val tree = parse(RUN("stats", "--json"), 0);
    const char *path[] = { "connections", NULL };
    yajl_val connections = yajl_tree_get(tree, path, yajl_t_array);

    CU_ASSERT_STRING_EQUAL(AT(tree, "schema"), "keel.store.stats/1");
    CU_ASSERT_STRING_NOT_EQUAL(AT(tree, "operations", "0", "name"), "(none)");
    CU_ASSERT(connections && connections->u.array.len == count + 1);
    CU_ASSERT_STRING_EQUAL(AT(tree, "more_connections"), "(none)");
    yajl_tree_free(tree);
    struct outcome outcome = RUN("stats");

    CU_ASSERT_EQUAL(outcome.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, "\nconnection_count                     81\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, "\noperations:\n  name "));
    end(&outcome);
    while (count > 0)
        xs_close(handles[--count]);
}

/* `ctl store` and xenstore-* with the same words print the same. */
static void same_text_as(const char *const *words)
{
    char command[256], line[16384];
    const char *with_group[OUTCOME_WORDS_MAX] = { "store" };

    for (size_t i = 0; words[i] && i + 2 < OUTCOME_WORDS_MAX; i++)
        with_group[i + 1] = words[i];
    struct outcome outcome = outcome_of(cli_main, "ctl", with_group);
    snprintf(command, sizeof(command), "xenstore-%s", words[0]);
    for (words++; *words; words++) {
        strcat(command, " ");
        strcat(command, *words);
    }
    FILE *pipe = popen(command, "r");
    size_t size = fread(line, 1, sizeof(line) - 1, pipe);

    line[size] = '\0';
    CU_ASSERT_EQUAL(WEXITSTATUS(pclose(pipe)), outcome.status);
    CU_ASSERT_STRING_EQUAL(outcome.out, line);
    end(&outcome);
}

static void debians_text(void)
{
    if (system("command -v xenstore-ls > /dev/null") != 0) {
        if (access(UNPACKED "/usr/bin/xenstore-ls", X_OK) != 0) {
            printf("(skipped: xenstore-utils is neither installed nor unpacked) ");
            return;
        }
        setenv("PATH", UNPACKED "/usr/bin:/usr/bin:/bin", 1);
        setenv("LD_LIBRARY_PATH", UNPACKED "/usr/lib/x86_64-linux-gnu", 1);
    }
    gives(RUN("write", "/d/odd", "\\000\\001\\x08\\t\\n\\r\\x1f \"\\\\~\\x7f\\xff"), 0, "", "");
    gives(RUN("write", "/d/even1", "", "/d/b/c/d", "deep"), 0, "", "");
    for (int length = 44; length < 54; length++) {
        char path[16], value[64];

        snprintf(path, sizeof(path), "/d/l%d", length);
        snprintf(value, sizeof(value), "%.*s", length, "012345678901234567890123456789012345678901234567890123456789");
        gives(RUN("write", path, value), 0, "", "");
    }
    gives(RUN("chmod", "/d/b/c", "n1", "r2", "w3", "b4"), 0, "", "");
    same_text_as((const char *const[]){ "ls", NULL });
    same_text_as((const char *const[]){ "ls", "-p", "/d", NULL });
    same_text_as((const char *const[]){ "ls", "-f", "/d", NULL });
    same_text_as((const char *const[]){ "ls", "-fp", NULL });
    same_text_as((const char *const[]){ "ls", "/d/b", "/d/b/c", NULL });
    same_text_as((const char *const[]){ "list", "/d", NULL });
    same_text_as((const char *const[]){ "list", "-p", "/d", "/d/b", NULL });
    same_text_as((const char *const[]){ "read", "/d/odd", "/d/even1", NULL });
    same_text_as((const char *const[]){ "read", "-p", "/d/odd", NULL });
    same_text_as((const char *const[]){ "read", "-pR", "/d/b/c/d", NULL });
    same_text_as((const char *const[]){ "exists", "/d/b", NULL });
    same_text_as((const char *const[]){ "exists", "/d/none", NULL });
    same_text_as((const char *const[]){ "watch", "-n", "1", "/d", NULL });
    gives(RUN("rm", "/d"), 0, "", "");
}

static void a_watch_outlives_the_daemon(void)
{
    int output[2];
    char text[64] = "";
    size_t size = 0;

    CU_ASSERT_EQUAL_FATAL(pipe(output), 0);
    fflush(NULL);
    pid_t watcher = fork();

    if (watcher == 0) {
        char *words[] = { (char[]){ "ctl" }, (char[]){ "store" }, (char[]){ "watch" }, (char[]){ "-n" },
                          (char[]){ "3" },   (char[]){ "/w" } };
        FILE *out = fdopen(output[1], "w");

        close(output[0]);
        _exit(cli_main(6, words, out, stderr));
    }
    close(output[1]);
    while (size < 3 && read(output[0], text + size, 1) == 1) /* "/w\n": it watches */
        size++;
    end_daemon(SIGKILL);
    CU_ASSERT(start_daemon());
    while (size < 6 && read(output[0], text + size, 1) == 1)
        size++;
    gives(RUN("write", "/w/x", "1"), 0, "", "");
    while (size < sizeof(text) - 1 && read(output[0], text + size, 1) == 1)
        size++;
    CU_ASSERT_STRING_EQUAL(text, "/w\n/w\n/w/x\n");
    close(output[0]);
    int status = -1;

    waitpid(watcher, &status, 0);
    CU_ASSERT_EQUAL(status, 0);
    gives(RUN("rm", "/w"), 0, "", "");
}

static void without_a_daemon(void)
{
    end_daemon(SIGKILL);
    unlink(socket_path);
    setenv("XENSTORED_PATH", "/nonexistent/store", 1);
    if (access("/dev/xen/xenbus", F_OK) != 0)
        gives(RUN("read", "/a"), 1, "", "ctl: the store does not answer at /nonexistent/store: ");
    setenv("XENSTORED_PATH", socket_path, 1);
    CU_ASSERT(start_daemon());
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(escapes),
        TEST_CASE(nodes),
        TEST_CASE(errors),
        TEST_CASE(documents),
        TEST_CASE(statistics),
        TEST_CASE(debians_text),
        TEST_CASE(a_watch_outlives_the_daemon),
        TEST_CASE(without_a_daemon),
    };
    if (!mkdtemp(base))
        return 1;
    snprintf(socket_path, sizeof(socket_path), "%s/socket", base);
    snprintf(state_path, sizeof(state_path), "%s/state", base);
    setenv("XENSTORED_PATH", socket_path, 1);
    if (!start_daemon()) {
        fprintf(stderr, "%s does not serve\n", DAEMON);
        return 1;
    }
    int status = RUN_TESTS("store verbs", tests);
    end_daemon(SIGKILL);
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", base);
    return system(command) != 0 || status != 0;
}
