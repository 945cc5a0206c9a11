/* SPDX-License-Identifier: MIT */
/* A network interface in xl's words; and what the parsers of disks and interfaces share. */
#include "config_devices.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_DEFAULT_US 50000u
#define MTU_MAX 65535u
#define RATE_MAX UINT64_C(100000000000) /* bytes or bits a second */
#define RATE_INTERVAL_MAX_US 60000000u

bool config_field_set(char **field, const char *value)
{
    char *copy = strdup(value);

    if (!copy)
        return false;
    free(*field);
    *field = copy;
    return true;
}

static bool copy_part(char to[CONFIG_WORD_MAX], const char *from, size_t length)
{
    while (length > 0 && isspace((unsigned char)*from)) {
        from++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)from[length - 1]))
        length--;
    snprintf(to, CONFIG_WORD_MAX, "%.*s", (int)length, from);
    return length < CONFIG_WORD_MAX;
}

bool config_word_take(const char **text, struct config_word *word)
{
    size_t length = strcspn(*text, ",");
    const char *equals = memchr(*text, '=', length);
    size_t key_length = equals ? (size_t)(equals - *text) : length;
    bool fits = copy_part(word->key, *text, key_length);

    word->has_value = equals != NULL;
    word->value[0] = '\0';
    if (equals)
        fits &= copy_part(word->value, equals + 1, length - key_length - 1);
    *text = (*text)[length] ? *text + length + 1 : NULL;
    return fits;
}

static const char *const trusts[] = { [CTL_TRUSTED] = "trusted", [CTL_UNTRUSTED] = "untrusted" };

bool config_trust_take(const char *word, enum ctl_trust *trust)
{
    for (enum ctl_trust i = CTL_TRUSTED; i <= CTL_UNTRUSTED; i++) {
        if (strcmp(trusts[i], word) == 0) {
            *trust = i;
            return true;
        }
    }
    return false;
}

const char *config_trust_word(enum ctl_trust trust)
{
    return trusts[trust];
}

static bool fail(char *why, const char *what, const char *value, const char *advice)
{
    snprintf(why, CONFIG_WHY_MAX, "\"%.60s\" is no %s; %s", value, what, advice);
    return false;
}

static bool parse_mac(const char *text, uint8_t mac[6], char *why)
{
    const char *at = text;

    for (int i = 0; i < 6; i++) {
        char *end;
        unsigned long byte = strtoul(at, &end, 16);

        if (!isxdigit((unsigned char)*at) || end - at > 2 || byte > 255 || *end != (i < 5 ? ':' : '\0'))
            return fail(why, "MAC address", text, "write six bytes as in 00:16:3e:01:02:03");
        mac[i] = (uint8_t)byte;
        at = end + 1;
    }
    if (mac[0] & 1)
        return fail(why, "MAC address of one interface", text, "its first byte is that of a group");
    return true;
}

static bool unit_is(const char *text, const char *unit)
{
    return strcmp(text, unit) == 0;
}

/* "10Mb/s" or "250KB/s@20ms", into bytes an interval. */
static bool parse_rate(const char *text, struct ctl_nic *nic, char *why)
{
    static const char advice[] = "write it as in 10Mb/s, 250KB/s or 1MB/s@20ms";
    uint64_t rate, interval = INTERVAL_DEFAULT_US, scale = 1;
    char *end;

    errno = 0;
    rate = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || errno || rate == 0)
        return fail(why, "rate", text, advice);
    if (*end == 'K')
        scale = 1000;
    else if (*end == 'M')
        scale = 1000000;
    else if (*end == 'G')
        scale = 1000000000;
    end += scale > 1;
    if ((*end != 'b' && *end != 'B') || rate > RATE_MAX / scale)
        return fail(why, "rate", text, advice);
    bool bits = *end++ == 'b';

    if (strncmp(end, "/s", 2) != 0)
        return fail(why, "rate", text, advice);
    end += 2;
    if (*end == '@') {
        const char *start = ++end;

        interval = strtoull(start, &end, 10);
        if (!isdigit((unsigned char)*start) || interval == 0 || interval > UINT32_MAX)
            return fail(why, "rate", text, advice);
        if (unit_is(end, "ms"))
            interval *= 1000;
        else if (unit_is(end, "s") || *end == '\0') /* xl takes a bare number for seconds too */
            interval *= 1000000;
        else if (!unit_is(end, "us"))
            return fail(why, "rate", text, advice);
        end += strlen(end);
    }
    if (*end || interval > RATE_INTERVAL_MAX_US)
        return fail(why, "rate of up to a minute's interval", text, advice);
    nic->rate_interval_us = (uint32_t)interval;
    nic->rate_bytes = rate * scale / (bits ? 8 : 1) * interval / 1000000;
    if (nic->rate_bytes == 0)
        return fail(why, "rate of a byte or more in its interval", text, advice);
    return true;
}

static bool parse_number(const char *text, uint32_t most, const char *what, uint32_t *number, char *why)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (!isdigit((unsigned char)*text) || *end || value > most)
        return fail(why, what, text, "a number is expected");
    *number = (uint32_t)value;
    return true;
}

enum taken { TAKEN, WRONG, UNKNOWN };

static enum taken take(struct ctl_nic *nic, const struct config_word *word, char *why)
{
    const struct {
        const char *key;
        char **field;
    } texts[] = {
        { "bridge", &nic->bridge }, { "gatewaydev", &nic->gateway_device }, { "vifname", &nic->interface },
        { "script", &nic->script }, { "ip", &nic->ip }, { "model", &nic->model }, { "backend", &nic->backend },
        { "netdev", &nic->gateway_device }, /* its old name */
    };

    bool good;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(texts[i].key, word->key) != 0)
            continue;
        good = config_field_set(texts[i].field, word->value) || fail(why, "text", "", "there is no memory for it");
        return good ? TAKEN : WRONG;
    }
    if (strcmp(word->key, "mac") == 0) {
        nic->mac_set = true;
        good = parse_mac(word->value, nic->mac, why);
    } else if (strcmp(word->key, "rate") == 0) {
        good = parse_rate(word->value, nic, why);
    } else if (strcmp(word->key, "devid") == 0) {
        nic->number_set = true;
        good = parse_number(word->value, 65535, "number of an interface", &nic->number, why);
    } else if (strcmp(word->key, "mtu") == 0) {
        good = parse_number(word->value, MTU_MAX, "MTU", &nic->mtu, why);
    } else if (strcmp(word->key, "type") == 0) {
        nic->type = strcmp(word->value, "vif") == 0 ? CTL_NIC_VIF : CTL_NIC_IOEMU;
        good = strcmp(word->value, "vif") == 0 || strcmp(word->value, "ioemu") == 0 ||
               fail(why, "kind of interface", word->value, "write vif");
    } else {
        return UNKNOWN;
    }
    return good ? TAKEN : WRONG;
}

/* Another unknown one: a place in the list, or the error. */
static bool pass_over(const struct config_word *word, char *unknown, char *why)
{
    size_t length = unknown ? strlen(unknown) : 0;

    if (!unknown)
        return fail(why, "parameter of an interface", word->key,
                    "there are mac, bridge, script, ip, vifname, model, backend, gatewaydev, rate, devid, mtu, type, "
                    "trusted and untrusted");
    snprintf(unknown + length, CONFIG_WHY_MAX - length, "%s\"%.60s\"", length ? ", " : "", word->key);
    return true;
}

bool config_nic_parse(const char *text, struct ctl_nic *nic, char unknown[CONFIG_WHY_MAX], char why[CONFIG_WHY_MAX])
{
    *nic = (struct ctl_nic){ 0 };
    if (unknown)
        *unknown = '\0';
    while (text) {
        struct config_word word;

        if (!config_word_take(&text, &word))
            return fail(why, "parameter", word.key, "it is too long");
        if (!word.has_value && (*word.key == '\0' || config_trust_take(word.key, &nic->trust)))
            continue;
        if (!word.has_value && !unknown)
            return fail(why, "parameter of an interface", word.key, "write it as key=value");
        enum taken taken = word.has_value ? take(nic, &word, why) : UNKNOWN;

        if (taken == WRONG || (taken == UNKNOWN && !pass_over(&word, unknown, why)))
            return false;
    }
    return true;
}

void config_nic_free(struct ctl_nic *nic)
{
    free(nic->bridge);
    free(nic->gateway_device);
    free(nic->interface);
    free(nic->script);
    free(nic->ip);
    free(nic->model);
    free(nic->backend);
    *nic = (struct ctl_nic){ 0 };
}

void config_mac_print(const uint8_t mac[6], char text[18])
{
    snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

char *config_nic_print(const struct ctl_nic *nic)
{
    const struct {
        const char *key, *text;
    } texts[] = {
        { "bridge", nic->bridge }, { "gatewaydev", nic->gateway_device }, { "vifname", nic->interface },
        { "script", nic->script }, { "ip", nic->ip }, { "model", nic->model }, { "backend", nic->backend },
    };
    char *text = NULL, mac[18];
    size_t size;
    FILE *file = open_memstream(&text, &size);
    const char *comma = "";

    if (!file)
        return NULL;
    if (nic->mac_set) {
        config_mac_print(nic->mac, mac);
        fprintf(file, "mac=%s", mac);
        comma = ",";
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!texts[i].text)
            continue;
        fprintf(file, "%s%s=%s", comma, texts[i].key, texts[i].text);
        comma = ",";
    }
    if (nic->type != CTL_NIC_ANY)
        fprintf(file, "%stype=%s", comma, nic->type == CTL_NIC_VIF ? "vif" : "ioemu");
    comma = nic->type != CTL_NIC_ANY ? "," : comma;
    if (nic->number_set)
        fprintf(file, "%sdevid=%u", comma, nic->number);
    comma = nic->number_set ? "," : comma;
    if (nic->mtu)
        fprintf(file, "%smtu=%u", comma, nic->mtu);
    comma = nic->mtu ? "," : comma;
    if (nic->rate_interval_us) /* bytes a second of an interval that divides a second: the parser's reverse */
        fprintf(file, "%srate=%lluB/s@%uus", comma,
                (unsigned long long)((nic->rate_bytes * UINT64_C(1000000) + nic->rate_interval_us - 1) /
                                     nic->rate_interval_us), nic->rate_interval_us);
    comma = nic->rate_interval_us ? "," : comma;
    if (nic->trust != CTL_TRUST_DEFAULT)
        fprintf(file, "%s%s", comma, config_trust_word(nic->trust));
    if (fclose(file) == 0)
        return text;
    free(text);
    return NULL;
}
