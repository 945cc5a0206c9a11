/* SPDX-License-Identifier: MIT */
/*
 * The program itself, build/bin/stored: its command line, its going to the background, its signals, and Debian's
 * xenstore-* tools, which are linked with libxenstore, against it.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support.h"
#include <xenstore.h>

#define PROGRAM "build/bin/stored"
#define UNPACKED "build/debian/xen"

static char base[] = "/tmp/store-daemon-XXXXXX", socket_path[64], pid_path[64], state_path[64];

/* Runs a shell command line in which %S, %P and %D stand for socket, pid file and state directory. Returns its exit
 * status; what it printed, errors too, is in output[]. */
static char output[16384];

static int run(const char *line)
{
    char command[1024] = "{ ";
    for (const char *at = line; *at; at++) {
        size_t used = strlen(command);
        const char *path = NULL;
        if (at[0] == '%')
            path = at[1] == 'S' ? socket_path : at[1] == 'P' ? pid_path : at[1] == 'D' ? state_path : NULL;
        snprintf(command + used, sizeof(command) - used, "%.*s", path ? 64 : 1, path ? path : at);
        at += path != NULL;
    }
    strncat(command, "; } 2>&1 < /dev/null", sizeof(command) - strlen(command) - 1);
    FILE *pipe = popen(command, "r");
    size_t size = fread(output, 1, sizeof(output) - 1, pipe);
    output[size] = '\0';
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static pid_t daemon_pid(void)
{
    FILE *file = fopen(pid_path, "re");
    int pid = 0;
    if (file) {
        if (fscanf(file, "%d", &pid) != 1)
            pid = 0;
        fclose(file);
    }
    return pid;
}

/* The same, once it has been written: a daemon that has just begun to serve may not have done so yet. */
static pid_t written_pid(void)
{
    pid_t pid = 0;
    for (int i = 0; i < 500 && (pid = daemon_pid()) == 0; i++)
        usleep(10000);
    return pid;
}

/* In the background: it serves once the command has returned. */
static void start(void)
{
    CU_ASSERT_EQUAL_FATAL(run(PROGRAM " --no-domains --socket %S --pid-file %P --state %D > /dev/null"), 0);
    CU_ASSERT_NOT_EQUAL_FATAL(daemon_pid(), 0);
}

static void end(int signal_number)
{
    pid_t pid = daemon_pid();
    kill(pid, signal_number);
    for (int i = 0; i < 500 && waitpid(pid, NULL, WNOHANG) <= 0 && kill(pid, 0) == 0; i++)
        usleep(10000);
}

static void wrong_command_lines_are_refused(void)
{
    CU_ASSERT_EQUAL(run(PROGRAM " --nonsense"), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "Usage:"));
    CU_ASSERT_EQUAL(run(PROGRAM " argument"), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "\"argument\""));
    CU_ASSERT_EQUAL(run(PROGRAM " --help"), 0);
    CU_ASSERT_EQUAL(run(PROGRAM " --no-domains --socket /nowhere/at/all/socket"), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "/nowhere/at/all/socket"));
    CU_ASSERT_EQUAL(run(PROGRAM " --no-domains --foreground --socket %S --state /dev/null/x"), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "/dev/null/x"));
    if (access("/dev/xen/privcmd", F_OK) != 0) {
        CU_ASSERT_EQUAL(run(PROGRAM " --socket %S"), 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(output, "/dev/xen/privcmd"));
        CU_ASSERT_PTR_NOT_NULL(strstr(output, "--no-domains"));
    }
    CU_ASSERT_NOT_EQUAL(access(socket_path, F_OK), 0);
}

static void it_serves_once_the_command_has_returned(void)
{
    for (int i = 0; i < 5; i++) {
        start();
        struct xs_handle *handle = xs_open(0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(handle);
        CU_ASSERT_TRUE(xs_write(handle, XBT_NULL, "/x", "1", 1));
        xs_close(handle);
        CU_ASSERT_EQUAL(run(PROGRAM " --no-domains --socket %S"), 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(output, "another store daemon"));
        end(SIGTERM);
        CU_ASSERT_NOT_EQUAL(access(socket_path, F_OK), 0);
        CU_ASSERT_NOT_EQUAL(access(pid_path, F_OK), 0);
    }
}

static void a_killed_daemon_has_a_successor(void)
{
    start();
    struct xs_handle *handle = xs_open(0);
    char path[32];
    for (int i = 0; i < 500; i++) {
        snprintf(path, sizeof(path), "/kept/%d", i);
        CU_ASSERT_TRUE(xs_write(handle, XBT_NULL, path, "v", 1));
    }
    end(SIGKILL);
    CU_ASSERT_FALSE(xs_write(handle, XBT_NULL, "/late", "v", 1));
    CU_ASSERT_EQUAL(errno, EIO);
    xs_close(handle);
    start(); /* over the socket that the dead one left */
    handle = xs_open(0);
    unsigned int count = 0;
    free(xs_directory(handle, XBT_NULL, "/kept", &count));
    CU_ASSERT_EQUAL(count, 500);
    xs_close(handle);
    end(SIGTERM);
    start(); /* an orderly end keeps the state too */
    CU_ASSERT_PTR_NOT_NULL_FATAL(handle = xs_open(0));
    CU_ASSERT_TRUE(xs_rm(handle, XBT_NULL, "/kept"));
    xs_close(handle);
    end(SIGTERM);
}

static char *control(const char *const *words, unsigned int count)
{
    char body[256];
    size_t size = 0;
    for (unsigned int i = 1; i < count; i++)
        size += (size_t)snprintf(body + size, sizeof(body) - size, "%s", words[i]) + 1;
    struct xs_handle *handle = xs_open(0);
    char *reply = handle ? xs_control_command(handle, words[0], body, (unsigned int)size) : NULL;
    xs_close(handle);
    return reply;
}
#define CONTROL(...) control((const char *const[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static void a_live_update_goes_on_with_all_there_is(void)
{
    start();
    pid_t before = daemon_pid();
    struct xs_handle *handle = xs_open(0);
    CU_ASSERT_TRUE(xs_write(handle, XBT_NULL, "/live", "1", 1));
    xs_transaction_t transaction = xs_transaction_start(handle);
    char *reply = CONTROL("live-update", "-s");
    CU_ASSERT_STRING_EQUAL(reply, "BUSY");
    free(reply);
    CU_ASSERT_TRUE(xs_transaction_end(handle, transaction, true));
    reply = CONTROL("live-update", "-f", "/nowhere/stored");
    CU_ASSERT_PTR_NOT_NULL(reply ? strstr(reply, "/nowhere/stored") : NULL);
    free(reply);
    for (int round = 0; round < 3; round++) {
        reply = round == 2 ? CONTROL("live-update", "-s", "-t", "5", "-F") : CONTROL("live-update", "-s");
        CU_ASSERT_STRING_EQUAL(reply, "OK");
        free(reply);
        char *value = NULL; /* a connection to the old program, at its last instant, ends with it */
        for (int i = 0; i < 500 && !value; i++) {
            usleep(10000);
            xs_close(handle);
            handle = xs_open(0);
            value = handle ? xs_read(handle, XBT_NULL, "/live", NULL) : NULL;
        }
        CU_ASSERT_PTR_NOT_NULL_FATAL(value);
        CU_ASSERT_STRING_EQUAL(value, "1");
        free(value);
        CU_ASSERT_EQUAL(written_pid(), before); /* the same process */
    }
    CU_ASSERT_TRUE(xs_rm(handle, XBT_NULL, "/live"));
    xs_close(handle);
    end(SIGTERM);
}

static void the_init_script_starts_it_again(void)
{
    char line[512];
    setenv("STORED_RUN", base, 1);
    setenv("STORED_OPTIONS", "--no-domains", 1);
    snprintf(line, sizeof(line), "STORED_LOG=%s/log STORED=$PWD/" PROGRAM " tools/store/supervise/stored.init", base);
    char command[600];
    snprintf(command, sizeof(command), "%s start > /dev/null", line);
    CU_ASSERT_EQUAL(run(command), 0);
    for (int round = 0; round < 3; round++) {
        pid_t before = written_pid();
        CU_ASSERT_NOT_EQUAL_FATAL(before, 0);
        kill(before, SIGKILL);
        for (int i = 0; i < 500 && (daemon_pid() == before || daemon_pid() == 0); i++)
            usleep(10000);
        CU_ASSERT_NOT_EQUAL(written_pid(), before);
        CU_ASSERT_EQUAL(kill(written_pid(), 0), 0);
    }
    snprintf(command, sizeof(command), "%s status", line);
    CU_ASSERT_EQUAL(run(command), 0);
    snprintf(command, sizeof(command), "%s stop", line);
    CU_ASSERT_EQUAL(run(command), 0);
    CU_ASSERT_NOT_EQUAL(access(socket_path, F_OK), 0); /* an orderly end, and nobody starts it again */
    CU_ASSERT_EQUAL(daemon_pid(), 0);
}

/* systemd looks at the whole of the unit; that the program and units beside it are not installed here is no fault. */
static void systemd_takes_the_unit(void)
{
    if (run("command -v systemd-analyze") != 0) {
        printf("(skipped: there is no systemd-analyze) ");
        return;
    }
    char line[512];
    snprintf(line, sizeof(line), "sed 's|/usr/sbin/stored|'$PWD'/" PROGRAM "|' tools/store/supervise/stored.service "
             "> %s/stored.service && systemd-analyze verify --man=no %s/stored.service", base, base);
    CU_ASSERT_EQUAL(run(line), 0);
    CU_ASSERT_PTR_NULL(strstr(output, "stored.service"));
    CU_ASSERT_EQUAL(run("grep -c '^Restart=always$\\|^StartLimitIntervalSec=0$\\|^RuntimeDirectoryPreserve=yes$' "
                        "tools/store/supervise/stored.service"), 0);
    CU_ASSERT_EQUAL(atoi(output), 3); /* started again however often, and its journal is there */
}

/* Whether xenstore-control prints this. */
static bool control_prints(const char *arguments, const char *text)
{
    char line[512];
    snprintf(line, sizeof(line), UNPACKED "/usr/lib/xen-4.17/bin/xenstore-control %s", arguments);
    bool printed = run(line) == 0 && strstr(output, text) != NULL;
    if (!printed)
        printf("(%s prints: %s) ", arguments, output);
    return printed;
}

static void debians_control_is_content(void)
{
    char arguments[256], path[96];
    if (access(UNPACKED "/usr/lib/xen-4.17/bin/xenstore-control", X_OK) < 0) {
        printf("(skipped: xenstore-control is not unpacked) ");
        return;
    }
    setenv("LD_LIBRARY_PATH", UNPACKED "/usr/lib/x86_64-linux-gnu", 1);
    snprintf(path, sizeof(path), "%s/report", base);
    start();
    pid_t before = daemon_pid();
    CU_ASSERT_TRUE(control_prints("check", "OK"));
    CU_ASSERT_TRUE(control_prints("help", "quota-soft"));
    CU_ASSERT_TRUE(control_prints("print hello", "OK"));
    CU_ASSERT_TRUE(control_prints("log on", "OK"));
    CU_ASSERT_TRUE(control_prints("log off", "OK"));
    CU_ASSERT_TRUE(control_prints("logfile /dev/null", "OK"));
    CU_ASSERT_TRUE(control_prints("memreport", "domain 0: "));
    snprintf(arguments, sizeof(arguments), "memreport %s", path);
    CU_ASSERT_TRUE(control_prints(arguments, "OK"));
    CU_ASSERT_EQUAL(access(path, R_OK), 0);
    CU_ASSERT_TRUE(control_prints("quota", "nodes"));
    CU_ASSERT_TRUE(control_prints("quota 0", "Domain 0"));
    CU_ASSERT_TRUE(control_prints("quota set nodes 77", "OK"));
    CU_ASSERT_TRUE(control_prints("quota", "      77"));
    CU_ASSERT_TRUE(control_prints("quota-soft", "memory"));
    CU_ASSERT_TRUE(control_prints("stats", "keel.store.stats/1"));
    CU_ASSERT_EQUAL(run(UNPACKED "/usr/lib/xen-4.17/bin/xenstore-control nonsense"), 3);
    CU_ASSERT_EQUAL(run(UNPACKED "/usr/lib/xen-4.17/bin/xenstore-control live-update /nowhere/stored"), 3);
    CU_ASSERT_EQUAL(run(UNPACKED "/usr/lib/xen-4.17/bin/xenstore-control live-update -F -t 9 $PWD/" PROGRAM), 0);
    CU_ASSERT_EQUAL(written_pid(), before);
    for (int i = 0; i < 500 && run(UNPACKED "/usr/lib/xen-4.17/bin/xenstore-control quota") != 0; i++)
        usleep(10000);
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "      77"));
    end(SIGTERM);
    unlink(path);
}

static void debians_tools_are_content(void)
{
    /* Those of the machine, else those that the setup for the tests on Debian's Xen has unpacked. */
    if (run("command -v xenstore-ls") != 0 && access(UNPACKED "/usr/bin/xenstore-ls", X_OK) == 0) {
        setenv("PATH", UNPACKED "/usr/bin:/usr/bin:/bin", 1);
        setenv("LD_LIBRARY_PATH", UNPACKED "/usr/lib/x86_64-linux-gnu", 1);
    }
    if (run("command -v xenstore-ls") != 0) {
        printf("(skipped: xenstore-utils is neither installed nor unpacked) ");
        return;
    }
    start();
    CU_ASSERT_EQUAL(run("xenstore-write /a/b hello /a/c 2"), 0);
    CU_ASSERT_EQUAL(run("xenstore-read /a/b"), 0);
    CU_ASSERT_STRING_EQUAL(output, "hello\n");
    CU_ASSERT_EQUAL(run("xenstore-read /a/none"), 1);
    CU_ASSERT_EQUAL(run("xenstore-list /a"), 0);
    CU_ASSERT_STRING_EQUAL(output, "b\nc\n");
    CU_ASSERT_EQUAL(run("xenstore-chmod /a/b n3 r5"), 0);
    CU_ASSERT_EQUAL(run("xenstore-ls -fp /a"), 0);
    CU_ASSERT_STRING_EQUAL(output, "/a/b = \"hello\"   (n3,r5)\n/a/c = \"2\"   (n0)\n");
    CU_ASSERT_EQUAL(run("xenstore-exists /a/b"), 0);
    CU_ASSERT_EQUAL(run("xenstore-exists /a/x"), 1);
    CU_ASSERT_EQUAL(run("(sleep 0.3; xenstore-write /a/w 1) & timeout 10 xenstore-watch -n 2 /a; wait"), 0);
    CU_ASSERT_STRING_EQUAL(output, "/a\n/a/w\n");
    CU_ASSERT_EQUAL(run("xenstore-rm /a"), 0);
    CU_ASSERT_EQUAL(run("xenstore-ls /a"), 1);
    CU_ASSERT_EQUAL(run("seq -f '/many/entry-number-%05g x' 2000 | xargs -n 400 xenstore-write"), 0);
    CU_ASSERT_EQUAL(run("xenstore-list /many | wc -l"), 0);
    CU_ASSERT_EQUAL(atoi(output), 2000);
    CU_ASSERT_EQUAL(run("xenstore-ls /many | wc -l"), 0);
    CU_ASSERT_EQUAL(atoi(output), 2000);
    CU_ASSERT_EQUAL(run("xenstore-rm /many"), 0);
    end(SIGTERM);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"wrong command lines are refused in a sentence", wrong_command_lines_are_refused},
        {"it serves once the command has returned, and only once", it_serves_once_the_command_has_returned},
        {"a killed daemon has a successor that knows all", a_killed_daemon_has_a_successor},
        {"a live update goes on with all there is", a_live_update_goes_on_with_all_there_is},
        {"the init script starts it again however it ends", the_init_script_starts_it_again},
        {"systemd takes the unit", systemd_takes_the_unit},
        {"Debian's tools are content", debians_tools_are_content},
        {"xenstore-control is content", debians_control_is_content},
    };
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* daemons become its children, so that their ends are seen */
    if (!mkdtemp(base))
        return 1;
    snprintf(socket_path, sizeof(socket_path), "%s/socket", base);
    snprintf(pid_path, sizeof(pid_path), "%s/stored.pid", base);
    snprintf(state_path, sizeof(state_path), "%s/state", base);
    setenv("XENSTORED_PATH", socket_path, 1);
    int status = RUN_TESTS("daemon", tests);
    if (daemon_pid())
        end(SIGKILL);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", base);
    return system(command) != 0 || status;
}
