/* SPDX-License-Identifier: MIT */
/* What the store verbs share; see store_session.h. */
#include "store_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COMMIT_ATTEMPTS 1000

struct xs_handle *store_open(struct cli *cli)
{
    struct xs_handle *handle = xs_open(0);

    if (!handle)
        cli_fail(cli, errno, "the store does not answer at %s: %s", xs_daemon_socket(), strerror(errno));
    return handle;
}

static const char *reason(int error)
{
    switch (error) {
    case ENOENT:
        return "there is no such node";
    case EACCES:
        return "this domain may not";
    case EINVAL:
        return "the store takes this for no valid path or value";
    case ENOSPC:
        return "a quota or the room for the store's journal is used up";
    case E2BIG:
        return "it is longer than the store's protocol allows";
    case EIO:
        return "the connection to the store was lost";
    default:
        return strerror(error);
    }
}

int store_fail(struct store_session *session, const char *do_what, const char *path)
{
    return cli_fail(session->cli, errno, "cannot %s %s: %s", do_what, path, reason(errno));
}

static bool begin(struct store_session *session)
{
    session->transaction = xs_transaction_start(session->handle);
    if (session->transaction == XBT_NULL)
        cli_fail(session->cli, errno, "the store starts no transaction: %s", reason(errno));
    return session->transaction != XBT_NULL;
}

int store_connected(struct cli *cli, store_action *action)
{
    struct store_session session = { .cli = cli, .handle = store_open(cli) };

    if (!session.handle)
        return CLI_FAILED;
    int status = action(&session);

    xs_close(session.handle);
    return status;
}

int store_read_only(struct cli *cli, store_action *action)
{
    struct store_session session = { .cli = cli, .handle = store_open(cli) };
    int status = CLI_FAILED;

    if (!session.handle)
        return CLI_FAILED;
    if (begin(&session)) {
        status = action(&session);
        xs_transaction_end(session.handle, session.transaction, true);
    }
    xs_close(session.handle);
    return status;
}

int store_change(struct cli *cli, store_action *action)
{
    struct store_session session = { .cli = cli, .handle = store_open(cli) };
    int status = CLI_FAILED, attempt = 0;

    if (!session.handle)
        return CLI_FAILED;
    while (begin(&session)) {
        status = action(&session);
        if (xs_transaction_end(session.handle, session.transaction, status != CLI_DONE) || status != CLI_DONE)
            break;
        if (errno != EAGAIN || ++attempt == COMMIT_ATTEMPTS) {
            status = cli_fail(cli, errno, "nothing was changed: %s",
                              errno == EAGAIN ? "others keep changing the same nodes" : reason(errno));
            break;
        }
        status = CLI_FAILED;
    }
    xs_close(session.handle);
    return status;
}

int store_each_path(struct store_session *session, const char *schema,
                    int (*one)(struct store_session *session, const char *path))
{
    struct cli *cli = session->cli;
    int status = CLI_DONE;

    if (cli->json) {
        session->json = json_open(schema);
        json_array_open(session->json, "nodes");
    }
    for (int i = 0; i < cli->arguments_count; i++) {
        if (one(session, cli->arguments[i]) != CLI_DONE)
            status = CLI_FAILED;
    }
    if (!cli->json)
        return status;
    json_array_close(session->json);
    return json_close(cli, session->json, cli->out) == CLI_DONE ? status : CLI_FAILED;
}

char *store_child(struct store_session *session, const char *path, const char *name)
{
    char *child;

    if (asprintf(&child, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", name) >= 0)
        return child;
    cli_fail(session->cli, ENOMEM, "there is no memory for the names below %s", path);
    return NULL;
}

/* The letter behind the backslash for a byte that has one, else 0. */
static char escape_letter(char byte)
{
    switch (byte) {
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\\':
        return '\\';
    default:
        return 0;
    }
}

char *store_escape(const char *value, size_t size)
{
    char *text = malloc(size * 4 + 1), *at = text;

    if (!text)
        return NULL;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)value[i];

        if (escape_letter(value[i]))
            at += sprintf(at, "\\%c", escape_letter(value[i]));
        else if (byte >= ' ' && byte < 0x7f)
            *at++ = value[i];
        else
            at += sprintf(at, byte < 8 ? "\\%03o" : "\\x%02x", byte);
    }
    *at = '\0';
    return text;
}

/* Reads up to `most` digits of `base` at *at, and moves it behind them. */
static unsigned digits(const char **at, int most, int base)
{
    char number[4] = "";

    for (int i = 0; i < most && (base == 16 ? strspn(*at, "0123456789abcdefABCDEF") : strspn(*at, "01234567")); i++)
        number[i] = *(*at)++;
    return (unsigned)strtoul(number, NULL, base);
}

ptrdiff_t store_unescape(char *text)
{
    char *to = text;

    for (const char *at = text; *at;) {
        unsigned value;

        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        at++;
        switch (*at) {
        case '\0':
            return -1;
        case 'n':
            value = '\n', at++;
            break;
        case 'r':
            value = '\r', at++;
            break;
        case 't':
            value = '\t', at++;
            break;
        case 'x':
            at++;
            if (!strspn(at, "0123456789abcdefABCDEF"))
                return -1;
            value = digits(&at, 2, 16);
            break;
        case '0' ... '7':
            value = digits(&at, 3, 8);
            break;
        default:
            value = (unsigned char)*at++;
        }
        if (value > 0xff)
            return -1;
        *to++ = (char)value;
    }
    *to = '\0';
    return to - text;
}

void store_json_value(yajl_gen json, const char *value, size_t size)
{
    if (!json)
        return;
    /* A text that is refused leaves the generator as it was: the member's name must wait for the check. */
    yajl_gen check = yajl_gen_alloc(NULL);
    bool text;

    if (!check)
        return;
    yajl_gen_config(check, yajl_gen_validate_utf8, 1);
    text = yajl_gen_string(check, (const unsigned char *)value, size) == yajl_gen_status_ok;
    yajl_gen_free(check);
    if (text) {
        yajl_gen_string(json, (const unsigned char *)"value", strlen("value"));
        yajl_gen_string(json, (const unsigned char *)value, size);
        return;
    }
    char *hex = malloc(size * 2 + 1);

    for (size_t i = 0; hex && i < size; i++)
        sprintf(hex + 2 * i, "%02x", (unsigned char)value[i]);
    if (hex)
        json_text(json, "value_hex", hex);
    free(hex);
}

char *store_permissions_text(const struct xs_permissions *permissions, unsigned count)
{
    char *text = malloc(count * 12 + 1), *at = text;

    for (unsigned i = 0; text && i < count; i++)
        at += sprintf(at, "%s%c%u", i ? "," : "", "nrwb"[permissions[i].perms & (XS_PERM_READ | XS_PERM_WRITE)],
                      permissions[i].id);
    if (text)
        *at = '\0';
    return text;
}
