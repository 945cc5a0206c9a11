/* SPDX-License-Identifier: MIT */
/* The command line: options by table, usage and help from it, errors as text and JSON with their exit statuses. */
#include "../run_tests.h"
#include "cli/cli.h"
#include "outcome.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <yajl/yajl_tree.h>

#define RUN(...) outcome_of(cli_main, "ctl", (const char *const[]){ __VA_ARGS__, NULL })

static void fails(struct outcome outcome, int status, const char *sentence)
{
    CU_ASSERT_EQUAL(outcome.status, status);
    CU_ASSERT_STRING_EQUAL(outcome.out, "");
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.err, sentence));
    if (!strstr(outcome.err, sentence))
        fprintf(stderr, "expected: %s\ngot: %s\n", sentence, outcome.err);
    end(&outcome);
}

static void usage_errors(void)
{
    fails(outcome_of(cli_main, "ctl", (const char *const[]){ NULL }), 2, "ctl: a verb is missing\n");
    fails(RUN("lsit"), 2, "ctl: there is no verb \"lsit\"; did you mean \"list\"?\n");
    fails(RUN("frobnicate"), 2, "ctl: there is no verb \"frobnicate\"\n");
    fails(RUN("-x"), 2, "ctl: there is no option -x before the verb\n");
    fails(RUN("pause"), 2, "ctl: pause needs more arguments: DOMAIN...\nusage: ctl pause [--json] DOMAIN...\n");
    fails(RUN("dmesg", "x"), 2, "ctl: dmesg does not take \"x\"\n");
    fails(RUN("info", "-n", "free_memory"), 2, "ctl: a NAME picks one of the plain lines");
    fails(RUN("list", "-Q"), 2, "ctl: list has no option -Q\n");
    fails(RUN("list", "--quick"), 2, "ctl: list has no option --quick\n");
    fails(RUN("shutdown", "-wt"), 2, "ctl: option -t needs a value: -t SECONDS\n");
    fails(RUN("shutdown", "--timeout"), 2, "ctl: option --timeout needs a value: --timeout=SECONDS\n");
    fails(RUN("list", "--verbose=1"), 2, "ctl: option --verbose takes no value\n");
    fails(RUN("shutdown"), 2, "ctl: shutdown needs a domain, or -a for all guests\n");
    fails(RUN("shutdown", "-a", "x"), 2, "ctl: give either -a or domains\n");
    fails(RUN("shutdown", "-w", "-t", "1x", "x"), 2, "ctl: \"1x\" is no number of seconds up to a year\n");
    fails(RUN("create"), 2, "ctl: create needs a configuration file\n");
    fails(RUN("create", "a.cfg", "b.cfg"), 2, "ctl: there are two configuration files, \"a.cfg\" and \"b.cfg\"\n");
    fails(RUN("create", "a.cfg", "Memory=3"), 2, "ctl: \"Memory=3\" is no setting: a key is made of small letters");
    fails(RUN("help", "nothing"), 2, "ctl: there is no verb \"nothing\"");
}

/* What is wrong is said before a hypervisor is looked for: there is none here. */
static void verbs_check_their_arguments(void)
{
    fails(RUN("rename", "a"), 2, "ctl: rename needs more arguments: DOMAIN NAME\n");
    fails(RUN("rename", "a", "b", "c"), 2, "ctl: rename does not take \"c\"\n");
    fails(RUN("vcpu-pin", "a", "x", "0"), 2, "ctl: \"x\" is no vCPU, which is a number from 0 to 4095\n");
    fails(RUN("vcpu-pin", "a", "0", "3-1"), 2, "ctl: the range 3-1 runs backwards\n");
    fails(RUN("vcpu-pin", "a", "all", "0", "none"), 2, "ctl: \"none\" is no CPU");
    fails(RUN("vcpu-set", "a", "0"), 2, "ctl: \"0\" is no count of vCPUs, which is a number from 1 to 4096\n");
    fails(RUN("vcpu-set", "a", "-1"), 2, "ctl: vcpu-set has no option -1\n");
    fails(RUN("mem-set", "a", "100x"), 2, "ctl: \"100x\" is no amount of memory");
    fails(RUN("mem-set", "a", "0"), 2, "ctl: \"0\" is no amount of memory");
    fails(RUN("mem-max", "a", "99999999999999t"), 2, "is no amount of memory");
    fails(RUN("mem-max", "a", "1gb"), 2, "is no amount of memory");
    fails(RUN("sched-credit2", "-w", "7"), 2, "ctl: say with -d which domain is meant\n");
    fails(RUN("sched-credit2", "-d", "a", "-s"), 2, "ctl: a domain has a weight and a cap");
    fails(RUN("sched-credit2", "-r", "5"), 2, "ctl: parameters of the scheduler itself are set with -s\n");
    fails(RUN("sched-credit", "-m", "5"), 2, "ctl: parameters of the scheduler itself are set with -s\n");
    fails(RUN("trigger", "a", "bogus"), 2, "ctl: \"bogus\" is no trigger; write nmi, reset, init, power or sleep\n");
    fails(RUN("trigger", "a", "nmi", "x"), 2, "ctl: \"x\" is no vCPU");
    fails(RUN("sysrq", "a", "hh"), 2, "ctl: a SysRq key is one character, not \"hh\"\n");
    fails(RUN("debug-keys"), 2, "ctl: debug-keys needs more arguments: KEYS\n");
    fails(RUN("wait", "a", "asleep"), 2, "ctl: \"asleep\" is no state");
    fails(RUN("wait", "a", "gone", "-t", "soon"), 2, "ctl: \"soon\" is no number of seconds up to a year\n");
    fails(RUN("events", "-n", "0"), 2, "ctl: \"0\" is no count of events");
    fails(RUN("top", "-b", "-F", "1", "-S", "mem"), 2, "ctl: --sort and --filter are for the screen");
    fails(RUN("top", "--csv", "-F", "1", "-G", "web"), 2, "ctl: --sort and --filter are for the screen");
    fails(RUN("metrics", "-l", "127.0.0.1:x", "-s", "none"), 2, "ctl: \"127.0.0.1:x\" is no ADDRESS:PORT of numbers");
    fails(RUN("metrics", "-l", "none", "-s", "none"), 2, "ctl: there is nothing left to listen on\n");
    fails(RUN("metrics", "-F", "many"), 2, "ctl: \"many\" is no number of guests");
    fails(RUN("metrics", "-1", "-F", "-1"), 2, "ctl: \"-1\" is no number of guests");
    fails(RUN("metrics", "-l", "none", "-s", "/nonexistent/s"), 1, "ctl: cannot listen on /nonexistent/s: No such file");
    fails(RUN("console", "-n", "x", "a"), 2, "ctl: \"x\" is no number of a console");
    fails(RUN("apply"), 2, "ctl: apply needs a configuration file\n");
    fails(RUN("check"), 2, "ctl: check needs a configuration file\n");
    fails(RUN("config", "convert", "--to", "yaml", "a"), 2, "ctl: \"yaml\" is no form of a configuration");
    fails(RUN("config-update", "a"), 2, "ctl: config-update needs a configuration file\n");
    fails(RUN("create", "-n", "5000", "a.cfg"), 2, "ctl: \"5000\" is no count of guests, which is a number from 1 to");
    fails(RUN("block-attach", "a", "/x,raw,foo,rw"), 2, "ctl: \"foo\" is no virtual disk");
    fails(RUN("block-attach", "a", "/x", "raw", "xvda", "maybe"), 2, "ctl: \"maybe\" is no access to a disk");
    fails(RUN("block-detach", "a", "foo"), 2, "ctl: \"foo\" is no disk; write xvdb, or its number");
    fails(RUN("block-detach", "-t", "soon", "a", "xvda"), 2, "ctl: \"soon\" is no number of seconds");
    fails(RUN("network-attach", "a", "speed=9"), 2, "ctl: \"speed\" is no parameter of an interface");
    fails(RUN("network-attach", "a", "mac=1:2"), 2, "ctl: \"1:2\" is no MAC address");
    fails(RUN("create", "-c", "-n", "5", "a.cfg"), 2, "ctl: one console cannot be attached to many guests");
}

/* Each verb that talks to the hypervisor says so when there is none, and ends with status 1. */
static void verbs_without_a_hypervisor(void)
{
    static const char *const lines[][5] = {
        { "rename", "a", "b" }, { "block-attach", "a", "/x,raw,xvda" }, { "block-detach", "a", "xvda" },
        { "network-attach", "a" }, { "network-detach", "a", "0" }, { "uptime" },
        { "vcpu-pin", "a", "all", "0" }, { "vcpu-set", "a", "1" },
        { "mem-set", "a", "64" }, { "mem-max", "a", "1g" }, { "sched-credit2" }, { "sched-credit", "-s" },
        { "cpupool-list" }, { "trigger", "a", "nmi" }, { "sysrq", "a", "h" }, { "debug-keys", "h" },
        { "wait", "a", "gone" }, { "dump-core", "a", "/nonexistent/f" }, { "info", "-n" },
        { "events" }, { "fsck" }, { "console", "a" },
    };

    if (access("/dev/xen/privcmd", F_OK) == 0)
        return;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        fails(outcome_of(cli_main, "ctl", lines[i]), 1, "ctl: cannot open /dev/xen/privcmd");
}

static void help(void)
{
    struct outcome outcome = RUN("help");

    CU_ASSERT_EQUAL(outcome.status, 0);
    for (size_t i = 0; cli_verbs[i]; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, cli_verbs[i]->summary));
    end(&outcome);
    for (size_t i = 0; cli_verbs[i]; i++) {
        struct outcome by_verb = RUN("help", cli_verbs[i]->name), by_option = RUN(cli_verbs[i]->name, "--help");

        CU_ASSERT_EQUAL(by_verb.status, 0);
        CU_ASSERT_EQUAL(by_option.status, 0);
        CU_ASSERT_STRING_EQUAL(by_verb.out, by_option.out);
        end(&by_verb);
        end(&by_option);
    }
    struct outcome by_verb = RUN("help", "store", "ls", "--json"), by_option = RUN("store", "ls", "--json", "--help");

    CU_ASSERT_PTR_NOT_NULL(strstr(by_verb.out, "\"name\": \"store ls\""));
    CU_ASSERT_PTR_NULL(strstr(by_verb.out, "\"name\": \"create\""));
    CU_ASSERT_STRING_EQUAL(by_verb.out, by_option.out);
    end(&by_verb);
    end(&by_option);
}

static void table_is_sound(void)
{
    for (size_t i = 0; cli_verbs[i]; i++) {
        const struct cli_verb *verb = cli_verbs[i];
        size_t count = 0;

        CU_ASSERT_PTR_EQUAL(cli_verb_find(verb->name), verb);
        CU_ASSERT_PTR_NOT_NULL(verb->run);
        CU_ASSERT_PTR_NOT_NULL(verb->summary);
        CU_ASSERT(verb->arguments_most < 0 || verb->arguments_most >= verb->arguments_least);
        for (; verb->options[count].help; count++)
            CU_ASSERT(verb->options[count].letter && verb->options[count].word);
        CU_ASSERT(count <= CLI_OPTIONS_MAX);
    }
}

static void parsing(void)
{
    char paused[] = "-pc", file[] = "-fx.cfg", setting[] = "memory=1", long_option[] = "--quiet", end_mark[] = "--",
         odd[] = "-n", json[] = "--json", dash[] = "-";
    char *words[] = { paused, setting, file, long_option, dash, json, end_mark, odd };
    struct cli cli = { .verb = cli_verb_find("create"), .out = stdout, .err = stderr };

    CU_ASSERT_EQUAL(cli_parse(&cli, 8, words), CLI_DONE);
    CU_ASSERT_EQUAL(cli_given(&cli, 'p'), 1);
    CU_ASSERT_EQUAL(cli_given(&cli, 'c'), 1);
    CU_ASSERT_EQUAL(cli_given(&cli, 'q'), 1);
    CU_ASSERT_EQUAL(cli_given(&cli, 'n'), 0);
    CU_ASSERT_STRING_EQUAL(cli_value(&cli, 'f'), "x.cfg");
    CU_ASSERT(cli.json);
    CU_ASSERT_EQUAL_FATAL(cli.arguments_count, 3);
    CU_ASSERT_STRING_EQUAL(cli.arguments[0], "memory=1");
    CU_ASSERT_STRING_EQUAL(cli.arguments[1], "-");
    CU_ASSERT_STRING_EQUAL(cli.arguments[2], "-n");
}

static const char *member(yajl_val tree, const char *name)
{
    const char *path[] = { name, NULL };
    yajl_val value = yajl_tree_get(tree, path, yajl_t_any);

    if (!value)
        return "";
    return YAJL_IS_STRING(value) ? YAJL_GET_STRING(value) : YAJL_GET_NUMBER(value);
}

static void json_errors(void)
{
    static const struct {
        const char *words[6], *verb, *message, *status;
    } cases[] = {
        { { "--json", "lsit" }, "", "there is no verb \"lsit\"; did you mean \"list\"?", "2" },
        { { "list", "-Q", "--json" }, "list", "list has no option -Q", "2" },
        { { "create", "--json", "/nonexistent.cfg" },
          "create",
          "/nonexistent.cfg: cannot be read: No such file or directory",
          "1" },
        { { "create", "--json", "-n", "vcpus=1; name=x", "kernel=\xff" },
          "create",
          "command line \"kernel=?\": the value is not valid UTF-8",
          "1" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = outcome_of(cli_main, "ctl", cases[i].words);
        char why[200];
        yajl_val tree = yajl_tree_parse(outcome.err, why, sizeof(why));

        CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
        CU_ASSERT_STRING_EQUAL(member(tree, "schema"), "keel.error/1");
        CU_ASSERT_STRING_EQUAL(member(tree, "verb"), cases[i].verb);
        CU_ASSERT_STRING_EQUAL(member(tree, "message"), cases[i].message);
        CU_ASSERT_STRING_EQUAL(member(tree, "exit_status"), cases[i].status);
        CU_ASSERT_EQUAL(outcome.status, atoi(cases[i].status));
        yajl_tree_free(tree);
        end(&outcome);
    }
}

static void dry_run(void)
{
    struct outcome outcome = RUN("create", "-n", "name=x", "kernel=/proc/self/exe", "extra=quiet ro");

    CU_ASSERT_EQUAL(outcome.status, 0);
    CU_ASSERT_STRING_EQUAL(outcome.out, "command line: good: guest \"x\", 128 MiB, 1 vCPU\n");
    CU_ASSERT_STRING_EQUAL(outcome.err, "");
    end(&outcome);
    outcome = RUN("create", "-n", "--json", "name=x", "kernel=/proc/self/exe", "extra=quiet ro");
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, "\"command_line\": \"quiet ro\""));
    end(&outcome);
    outcome = RUN("create", "-n", "name=x", "kernel=/proc/self/exe", "vnc=1");
    CU_ASSERT_STRING_EQUAL(outcome.err,
                           "ctl: warning: command line \"vnc=1\": key \"vnc\" is ignored: a PVH guest has no "
                           "emulated display\n");
    end(&outcome);
    outcome = RUN("create", "-n", "--json", "name=x", "kernel=/proc/self/exe", "vnc=1");
    CU_ASSERT_STRING_EQUAL(outcome.err, "{\"schema\":\"keel.warning/1\",\"verb\":\"create\",\"message\":\"command line "
                           "\\\"vnc=1\\\": key \\\"vnc\\\" is ignored: a PVH guest has no emulated display\"}\n");
    end(&outcome);
    fails(RUN("create", "-n", "name=x", "kernel=/nonexistent"), 1,
          "ctl: command line: key \"kernel\": /nonexistent cannot be read: No such "
          "file or directory\n");
    fails(RUN("create", "-n", "memory=1"), 1, "ctl: command line: key \"name\" is missing");
    fails(RUN("create", "-n", "name=x", "kernel=/"), 1, "key \"kernel\": / cannot be read: Is a directory\n");
    fails(RUN("check", "name=x", "kernel=/proc/self/exe", "ramdisk=/tmp"), 1, "key \"ramdisk\": /tmp cannot be read: Is");
    fails(RUN("check", ""), 1, "ctl: the name of the configuration file is empty\n");
    /* many guests are for -n alone: --dry-run creates nothing, whatever comes behind it */
    fails(RUN("create", "--dry-run", "200", "g.cfg"), 2, "two configuration files, \"200\" and \"g.cfg\"");
}

/* What is wrong in JSON is told with the file, its line and its column, as in the other forms. */
static void names_the_file(void)
{
    char path[] = "/tmp/keel-config-XXXXXX", sentence[128];
    int fd = mkstemp(path);

    CU_ASSERT_FATAL(fd >= 0);
    dprintf(fd, "{ \"name\": \"x\",\n  \"vcpus\": 0 }");
    snprintf(sentence, sizeof(sentence), "ctl: %s:2:12: key \"vcpus\": 0 is out of range", path);
    fails(RUN("check", path), 1, sentence);
    CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
    pwrite(fd, "{\"name\":\"x\"}", 12, 0);
    snprintf(sentence, sizeof(sentence), "ctl: %s: key \"kernel\" is missing", path);
    fails(RUN("check", path), 1, sentence);
    close(fd);
    unlink(path);
}

/* A pipe with a name whose writer comes late. */
static void late_writer(void)
{
    static const char text[] = "name = 'x'; kernel = '/proc/self/exe'\n";
    char folder[] = "/tmp/keel-pipe-XXXXXX", path[64];

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/pipe", folder);
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    pid_t writer = fork();

    CU_ASSERT_FATAL(writer >= 0);
    if (writer == 0) {
        usleep(100000);
        int fd = open(path, O_WRONLY);

        _exit(write(fd, text, strlen(text)) != (ssize_t)strlen(text));
    }
    struct outcome outcome = RUN("check", path);

    CU_ASSERT_EQUAL(outcome.status, 0);
    CU_ASSERT_STRING_EQUAL(outcome.err, "");
    end(&outcome);
    kill(writer, SIGKILL); /* where nobody has read */
    waitpid(writer, NULL, 0);
    unlink(path);
    rmdir(folder);
}

/* As "-", and as the file that it is. */
static void standard_input(void)
{
    static const char text[] = "name = 'x'; kernel = '/proc/self/exe'\n";
    int before = dup(STDIN_FILENO), ends[2];

    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
        CU_ASSERT_EQUAL(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
        close(ends[1]);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        struct outcome outcome = RUN("create", "-n", i ? "-" : "/dev/stdin");

        CU_ASSERT_EQUAL(outcome.status, 0);
        CU_ASSERT_STRING_EQUAL(outcome.out, "/dev/stdin: good: guest \"x\", 128 MiB, 1 vCPU\n");
        end(&outcome);
    }
    dup2(before, STDIN_FILENO);
    close(before);
}

static void a_full_device_is_told(void)
{
    char *argv[] = { (char[]){ "ctl" }, (char[]){ "help" } }, *text;
    size_t size;
    FILE *full = fopen("/dev/full", "w"), *err = open_memstream(&text, &size);

    CU_ASSERT_PTR_NOT_NULL_FATAL(full);
    CU_ASSERT_EQUAL(cli_main(2, argv, full, err), 1);
    fclose(full);
    fclose(err);
    CU_ASSERT_STRING_EQUAL(text, "ctl: cannot write the output: No space left on device\n");
    free(text);
}

static void outside_a_control_domain(void)
{
    if (access("/dev/xen/privcmd", F_OK) == 0) {
        printf("not run: this is a control domain\n");
        return;
    }
    fails(RUN("list"), 1, "/dev/xen/privcmd");
    fails(RUN("info"), 1, "/dev/xen/privcmd");
    fails(RUN("create", "name=x", "kernel=/proc/self/exe"), 1, "/dev/xen/privcmd");
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        TEST_CASE(usage_errors),
        TEST_CASE(verbs_check_their_arguments),
        TEST_CASE(verbs_without_a_hypervisor),
        TEST_CASE(help),
        TEST_CASE(table_is_sound),
        TEST_CASE(parsing),
        TEST_CASE(json_errors),
        TEST_CASE(dry_run),
        TEST_CASE(names_the_file),
        TEST_CASE(late_writer),
        TEST_CASE(standard_input),
        TEST_CASE(a_full_device_is_told),
        TEST_CASE(outside_a_control_domain),
    };
    return RUN_TESTS("command line", tests);
}
