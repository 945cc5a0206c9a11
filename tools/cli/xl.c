/* SPDX-License-Identifier: MIT */
/* The program called as `xl`: its options, its choice of the command; see xl.h. */
#include "xl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool xl_is_meant(const char *program)
{
    const char *slash = program ? strrchr(program, '/') : NULL;

    return program && strcmp(slash ? slash + 1 : program, "xl") == 0;
}

void xl_print_usage(FILE *out, const struct xl_command *command)
{
    fprintf(out, "Usage: xl [-vtTf] %s %s\n\n%s.\n\n", command->name, command->arguments, command->summary);
}

bool xl_find(struct xl *xl, const char *name, uint32_t *domid)
{
    struct ctl_domain domain;
    int result = cli_is_domid(name, domid) ? ctl_domain_get(xl->cli.ctl, *domid, &domain)
                                           : ctl_domain_find(xl->cli.ctl, name, domid);

    if (result == -ESRCH)
        fprintf(xl->cli.err, "%s is an invalid domain identifier (rc=-6)\n", name);
    else if (result < 0)
        xl_fail(xl);
    return result >= 0;
}

int xl_fail(struct xl *xl)
{
    fprintf(xl->cli.err, "xl: %s\n", ctl_error(xl->cli.ctl));
    return XL_FAILED;
}

int xl_help(struct xl *xl)
{
    if (xl->cli.arguments_count) {
        for (const struct xl_command *command = xl_commands; command->name; command++) {
            if (strcmp(command->name, xl->cli.arguments[0]) == 0) {
                xl_print_usage(xl->cli.out, command);
                return 0;
            }
        }
        fprintf(xl->cli.out, "command \"%s\" not implemented\n", xl->cli.arguments[0]);
        return 0;
    }
    fprintf(xl->cli.out, "Usage xl [-vfNtT] <subcommand> [args]\n\n");
    for (const struct xl_command *command = xl_commands; command->name; command++)
        fprintf(xl->cli.out, " %-19s %s\n", command->name, command->summary);
    return 0;
}

/* Options of the command; false with the error printed and *status set. */
static bool read_options(struct xl *xl, int count, char **words, int *status)
{
    static const struct option none[] = { { 0 } };
    const struct xl_command *command = xl->command;
    int letter;

    optind = 0; /* begins anew, however often the program's main function is run */
    opterr = 0;
    while ((letter = getopt_long(count, words, command->letters, command->words ? command->words : none, NULL)) != -1) {
        if (letter == '?') {
            fprintf(xl->cli.err, "option `%c' not supported.\n", optopt);
            *status = XL_USAGE;
            return false;
        }
        if (letter == 'h') {
            xl_print_usage(xl->cli.out, command);
            *status = 0;
            return false;
        }
        xl->given[letter & 127]++;
        xl->values[letter & 127] = optarg;
    }
    xl->cli.arguments = words + optind;
    xl->cli.arguments_count = count - optind;
    if (xl->cli.arguments_count >= command->least)
        return true;
    xl_print_usage(xl->cli.out, command);
    fprintf(xl->cli.err, "'xl %s' requires at least %d argument%s.\n\n", command->name, command->least,
            command->least > 1 ? "s" : "");
    *status = XL_USAGE;
    return false;
}

static bool needs_hypervisor(const struct xl *xl)
{
    bool is_create = xl->command->run == xl_create;

    return xl->command->run != xl_help && !(is_create && (xl->dry_run || xl->given['n']));
}

static int run_command(struct xl *xl, int count, char **words)
{
    int status;

    if (xl->dry_run && xl->command->run != xl_create) {
        fprintf(xl->cli.err, "command does not implement -N (dryrun) option\n");
        return XL_FAILED;
    }
    if (!read_options(xl, count, words, &status))
        return status;
    if (needs_hypervisor(xl) && ctl_open(&xl->cli.ctl) < 0) {
        fprintf(xl->cli.err, "xl: %s\n", ctl_error(NULL));
        return XL_FAILED;
    }
    status = xl->command->run(xl);
    ctl_close(xl->cli.ctl);
    return status;
}

/* Options before the command: -v, -t, -T and -f are taken, and make no difference here. */
static bool read_global_options(struct xl *xl, int argc, char **argv, int *at)
{
    int letter;

    optind = 0;
    opterr = 0;
    while ((letter = getopt(argc, argv, "+vtTfN")) != -1) {
        if (letter == '?') {
            fprintf(xl->cli.err, "%s: invalid option -- '%c'\nunknown global option\n", argv[0], optopt);
            return false;
        }
        xl->dry_run |= letter == 'N';
    }
    *at = optind;
    return true;
}

int xl_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct xl xl = { .cli = { .as_xl = true, .out = out, .err = err } };
    int at = 1, status;

    if (!read_global_options(&xl, argc, argv, &at))
        return XL_FAILED;
    const char *name = at < argc ? argv[at] : "help";

    for (xl.command = xl_commands; xl.command->name && strcmp(xl.command->name, name) != 0;)
        xl.command++;
    if (!xl.command->name) {
        fprintf(err, "command not implemented\n");
        return XL_FAILED;
    }
    if (at < argc) {
        status = run_command(&xl, argc - at, argv + at);
    } else {
        xl_help(&xl);
        status = XL_FAILED;
    }
    if ((fflush(out) != 0 || ferror(out)) && status == 0) {
        fprintf(err, "xl: cannot write the output: %s\n", strerror(errno));
        status = XL_FAILED;
    }
    return status;
}
