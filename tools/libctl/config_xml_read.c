/* SPDX-License-Identifier: MIT */
/*
 * A configuration from libvirt's domain XML: each element becomes a setting, with its line, and the functions that take
 * JSON's members take it. What is not understood is ignored with a word, or refused where a guest would miss it.
 */
#include "config_devices.h"
#include "config_keys.h"
#include "xml_library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VCPU_PINS_MAX 128u
#define SEARCH_BYTES 1024 /* of a line, and so many lines: a hostile file takes no time */
#define SEARCH_LINES 8

struct reader {
    const struct xml_library *xml;
    struct config_log *log;
    struct config_settings settings;
    const char *source, *text;
    size_t *lines;             /* where each begins, and the text's end; NULL: no memory for it */
    unsigned lines_count;
    xmlNodePtr vcpu, tune;     /* the elements that say where vCPUs run; NULL: not there */
};

static void index_lines(struct reader *reader, size_t length)
{
    const char *text = reader->text, *end = text + length;
    unsigned count = 1;

    for (const char *at = text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        count++;
    reader->lines = calloc(count + 1, sizeof(*reader->lines));
    if (!reader->lines)
        return;
    for (const char *at = text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        reader->lines[++reader->lines_count] = (size_t)(at + 1 - text);
    reader->lines[++reader->lines_count] = length;
}

/* Whether a start tag of this name begins at `at`. */
static bool is_tag(const char *at, const char *end, const char *name)
{
    size_t length = strlen(name);

    return *at == '<' && (size_t)(end - at) > length + 1 && memcmp(at + 1, name, length) == 0 &&
           strchr(" \t\r\n/>", at[length + 1]);
}

/* The column of the `nth` start tag of that name in a line; 0: the line's first bytes have no such tag. */
static unsigned column_of_tag(const struct reader *reader, unsigned line, const char *name, unsigned nth)
{
    const char *start = reader->text + reader->lines[line - 1], *end = reader->text + reader->lines[line];
    unsigned column = 1;

    for (const char *at = start; at < end && at - start < SEARCH_BYTES; at++) {
        if (is_tag(at, end, name) && nth-- == 0)
            return column;
        column += ((unsigned char)*at & 0xc0) != 0x80;
    }
    return 0;
}

/*
 * libxml2 tells the line where a start tag ends, and no column: the tag is looked for there and, as it may be longer,
 * in some lines before. Where that fails the column is 1.
 */
static struct config_place place_of(const struct reader *reader, xmlNodePtr node)
{
    const char *name = (const char *)node->name;
    long line = reader->xml->GetLineNo(node);
    unsigned nth = 0, column = 0;

    if (line <= 0 || !reader->lines || line > (long)reader->lines_count)
        return (struct config_place){ reader->source, line > 0 ? (unsigned)line : 0, 1 };
    for (xmlNodePtr before = node->prev; before && nth < SEARCH_LINES && reader->xml->GetLineNo(before) == line;
         before = before->prev)
        nth += before->type == XML_ELEMENT_NODE && strcmp((const char *)before->name, name) == 0;
    for (long at = line; at > 0 && line - at < SEARCH_LINES; at--) {
        column = column_of_tag(reader, (unsigned)at, name, nth);
        if (column)
            return (struct config_place){ reader->source, (unsigned)at, column };
        nth = 0;
    }
    return (struct config_place){ reader->source, (unsigned)line, 1 };
}

static bool is(xmlNodePtr node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* A copy of libxml2's text, which is freed. */
static char *own(const struct reader *reader, xmlChar *text)
{
    char *copy = text ? strdup((const char *)text) : NULL;

    if (text)
        (*reader->xml->Free)(text);
    return copy;
}

static char *content(const struct reader *reader, xmlNodePtr node)
{
    return own(reader, reader->xml->NodeGetContent(node));
}

static char *attribute(const struct reader *reader, xmlNodePtr node, const char *name)
{
    return node ? own(reader, reader->xml->GetProp(node, BAD_CAST name)) : NULL;
}

static void warn_ignored(const struct reader *reader, xmlNodePtr node)
{
    config_warning(reader->log, place_of(reader, node), "element <%s> is ignored", (const char *)node->name);
}

static xmlNodePtr find(xmlNodePtr parent, const char *name)
{
    for (xmlNodePtr node = parent->children; node; node = node->next)
        if (is(node, name))
            return node;
    return NULL;
}

/* Adds a setting; `text` is the reader's from here on. NULL and twice the same are told. */
static struct config_value *add(struct reader *reader, xmlNodePtr node, const char *key, enum config_kind kind,
                                char *text)
{
    struct config_settings *settings = &reader->settings;
    struct config_setting *list = reallocarray(settings->list, settings->count + 1, sizeof(*list));
    char *name = strdup(key);

    if (list)
        settings->list = list;
    if (!list || !name || (kind != CONFIG_LIST && !text)) {
        config_out_of_memory(reader->log);
    } else if (config_settings_find(settings, key)) {
        config_error(reader->log, place_of(reader, node), "element <%s> appears twice", (const char *)node->name);
    } else {
        struct config_place place = place_of(reader, node);

        list[settings->count] = (struct config_setting){ .key = name, .place = place };
        list[settings->count].value = (struct config_value){ .kind = kind, .place = place, .text = text };
        return &list[settings->count++].value;
    }
    free(name);
    free(text);
    return NULL;
}

static void add_item(struct reader *reader, xmlNodePtr node, struct config_value *list, char *text)
{
    struct config_value *items = text ? reallocarray(list->items, list->count + 1, sizeof(*items)) : NULL;

    if (!items) {
        config_out_of_memory(reader->log);
        free(text);
        return;
    }
    list->items = items;
    items[list->count] = (struct config_value){ .kind = CONFIG_STRING, .text = text };
    items[list->count++].place = place_of(reader, node);
}

static void take_text(struct reader *reader, xmlNodePtr node, const char *key)
{
    add(reader, node, key, CONFIG_STRING, content(reader, node));
}

/* --- memory and vCPUs ---------------------------------------------------------------------------------------- */

static bool scale_of(const char *unit, uint64_t *bytes)
{
    static const struct { const char *name; uint64_t bytes; } units[] = {
        { "b", 1 }, { "bytes", 1 }, { "KB", 1000 }, { "k", 1024 }, { "KiB", 1024 }, { "MB", 1000000 },
        { "M", 1 << 20 }, { "MiB", 1 << 20 }, { "GB", 1000000000 }, { "G", 1 << 30 }, { "GiB", 1 << 30 },
        { "T", UINT64_C(1) << 40 }, { "TiB", UINT64_C(1) << 40 },
    };

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, unit) == 0) {
            *bytes = units[i].bytes;
            return true;
        }
    }
    return false;
}

static void take_memory(struct reader *reader, xmlNodePtr node, const char *key)
{
    char *text = content(reader, node), *unit = attribute(reader, node, "unit"), *kib = NULL;
    uint64_t number, bytes = 1024;

    if (text && config_number(text + strspn(text, " \t\n"), &number) == CONFIG_NUMBER_OK &&
        (!unit || scale_of(unit, &bytes)) && number < UINT64_MAX / bytes) {
        if (asprintf(&kib, "%llu", (unsigned long long)((number * bytes + 1023) / 1024)) < 0)
            kib = NULL;
        add(reader, node, key, CONFIG_NUMBER, kib);
    } else {
        config_error(reader->log, place_of(reader, node), "element <%s>: an amount of memory expected, with a unit as "
                     "KiB or GiB", (const char *)node->name);
    }
    free(text);
    free(unit);
}

static void take_vcpu(struct reader *reader, xmlNodePtr node)
{
    char *current = attribute(reader, node, "current");

    add(reader, node, current ? "max_vcpus" : "vcpus", CONFIG_NUMBER, content(reader, node));
    if (current)
        add(reader, node, "vcpus", CONFIG_NUMBER, current);
    reader->vcpu = node;
}

static void take_tune(struct reader *reader, xmlNodePtr tune)
{
    for (xmlNodePtr node = tune->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && !is(node, "vcpupin"))
            warn_ignored(reader, node);
    if (reader->tune)
        config_error(reader->log, place_of(reader, tune), "element <cputune> appears twice");
    reader->tune = tune;
}

/* The CPUs of a vCPU, and the element that says so; NULL: none does. */
struct pin {
    char *cpus;
    xmlNodePtr node;
};

/* Each vCPU's CPUs into `pins`; returns how many vCPUs there are up to the last that has some. */
static uint32_t read_pins(struct reader *reader, struct pin pins[VCPU_PINS_MAX])
{
    uint32_t count = 0;

    for (xmlNodePtr node = reader->tune ? reader->tune->children : NULL; node; node = node->next) {
        if (!is(node, "vcpupin"))
            continue;
        char *vcpu = attribute(reader, node, "vcpu"), *cpus = attribute(reader, node, "cpuset");
        uint64_t number;

        if (vcpu && cpus && config_number(vcpu, &number) == CONFIG_NUMBER_OK && number < VCPU_PINS_MAX && !pins[number].node) {
            pins[number] = (struct pin){ cpus, node };
            count = number >= count ? (uint32_t)number + 1 : count;
        } else {
            config_error(reader->log, place_of(reader, node), "element <vcpupin>: vcpu, below %u, and cpuset are needed, "
                         "for each vCPU once", VCPU_PINS_MAX);
            free(cpus);
        }
        free(vcpu);
    }
    return count;
}

/* So many vCPUs have the CPUs of <vcpu> where they have none of their own. */
static uint32_t vcpus_counted(const struct reader *reader)
{
    const struct config_setting *setting = config_settings_find(&reader->settings, "max_vcpus");
    uint64_t number;

    if (!setting)
        setting = config_settings_find(&reader->settings, "vcpus");
    if (!setting || config_number(setting->value.text, &number) != CONFIG_NUMBER_OK)
        return 0;
    return number < VCPU_PINS_MAX ? (uint32_t)number : VCPU_PINS_MAX;
}

/* xl has one list for all vCPUs, or a row of lists without gaps: a gap has what <vcpu> says, or all CPUs. */
static void take_affinity(struct reader *reader)
{
    char *cpus = attribute(reader, reader->vcpu, "cpuset");
    struct pin pins[VCPU_PINS_MAX] = { 0 };
    uint32_t count = read_pins(reader, pins);
    struct config_value *list;

    if (count == 0) {
        if (cpus)
            add(reader, reader->vcpu, "cpus", CONFIG_STRING, cpus);
        return;
    }
    if (cpus && vcpus_counted(reader) > count)
        count = vcpus_counted(reader);
    list = add(reader, reader->tune, "cpus", CONFIG_LIST, NULL);
    for (uint32_t vcpu = 0; vcpu < count; vcpu++) {
        if (!pins[vcpu].node)
            pins[vcpu] = (struct pin){ strdup(cpus ? cpus : "all"), cpus ? reader->vcpu : reader->tune };
        if (list)
            add_item(reader, pins[vcpu].node, list, pins[vcpu].cpus);
        else
            free(pins[vcpu].cpus);
    }
    free(cpus);
}

/* --- boot ---------------------------------------------------------------------------------------------------- */

static void take_type(struct reader *reader, xmlNodePtr node)
{
    char *type = content(reader, node), *machine = attribute(reader, node, "machine");
    bool pvh = (type && strcmp(type, "xenpvh") == 0) || (machine && strcmp(machine, "xenpvh") == 0);

    if (!pvh)
        config_error(reader->log, place_of(reader, node), "element <type>: there are only PVH guests; write <type "
                     "machine=\"xenpvh\">xenpvh</type> and give a kernel that can start so");
    free(type);
    free(machine);
}

static void take_os(struct reader *reader, xmlNodePtr os)
{
    for (xmlNodePtr node = os->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (is(node, "type"))
            take_type(reader, node);
        else if (is(node, "kernel"))
            take_text(reader, node, "kernel");
        else if (is(node, "initrd"))
            take_text(reader, node, "ramdisk");
        else if (is(node, "cmdline"))
            take_text(reader, node, "command_line");
        else
            config_warning(reader->log, place_of(reader, node), "element <%s> is ignored: a PVH guest starts its "
                           "kernel without firmware", (const char *)node->name);
    }
}

/* --- devices: into xl's words -------------------------------------------------------------------------------- */

struct words {
    const struct reader *reader;
    FILE *file;
    bool any;
};

/* Puts "key=VALUE" with the attribute of an element, if there is one. */
static void put_word(struct words *words, const char *key, xmlNodePtr node, const char *name)
{
    char *value = attribute(words->reader, node, name);

    if (value && strcspn(value, ",") != strlen(value))
        config_error(words->reader->log, place_of(words->reader, node), "attribute %s: a comma cannot be part of it",
                     name);
    else if (value)
        fprintf(words->file, "%s%s=%s", words->any ? "," : "", key, value);
    words->any |= value != NULL;
    free(value);
}

/* `words` are parted by blanks. */
static bool is_word_of(const xmlChar *name, const char *words)
{
    size_t length = strlen((const char *)name);

    for (const char *at = strstr(words, (const char *)name); at; at = strstr(at + 1, (const char *)name))
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* Warns of each element within a device that is not among `elements`, and of attributes not among `attributes`. */
static void warn_of_others(const struct reader *reader, xmlNodePtr device, const char *elements, const char *attributes)
{
    for (xmlNodePtr node = device->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (!is_word_of(node->name, elements)) {
            warn_ignored(reader, node);
            continue;
        }
        for (const xmlAttr *attr = is(node, "alias") || is(node, "address") ? NULL : node->properties; attr;
             attr = attr->next)
            if (!is_word_of(attr->name, attributes))
                config_warning(reader->log, place_of(reader, node), "attribute %s of <%s> is ignored",
                               (const char *)attr->name, (const char *)node->name);
    }
}

static char *disk_words(struct reader *reader, xmlNodePtr disk)
{
    xmlNodePtr source = find(disk, "source"), driver = find(disk, "driver");
    char *device = attribute(reader, disk, "device"), *name = attribute(reader, driver, "name");
    char *discard = attribute(reader, driver, "discard"), *file = attribute(reader, source, "file"), *text = NULL;
    size_t size;
    struct words words = { .reader = reader, .file = open_memstream(&text, &size) };

    if (!file)
        file = attribute(reader, source, "dev");
    warn_of_others(reader, disk, "source driver target backenddomain readonly alias address",
                   "file dev name type discard bus");
    if (words.file) {
        put_word(&words, "format", driver, "type");
        if (find(disk, "target"))
            put_word(&words, "vdev", find(disk, "target"), "dev");
        if (find(disk, "backenddomain"))
            put_word(&words, "backend", find(disk, "backenddomain"), "name");
        fprintf(words.file, "%saccess=%s", words.any ? "," : "", find(disk, "readonly") ? "ro" : "rw");
        if (device && strcmp(device, "cdrom") == 0)
            fputs(",devtype=cdrom", words.file);
        if (name)
            fprintf(words.file, ",backendtype=%s", strcmp(name, "qemu") == 0 ? "qdisk" : name);
        if (discard)
            fputs(strcmp(discard, "unmap") == 0 ? ",discard" : ",no-discard", words.file);
        fprintf(words.file, ",target=%s", file ? file : "");
        if (fclose(words.file) != 0) {
            free(text);
            text = NULL;
        }
    }
    free(device);
    free(name);
    free(discard);
    free(file);
    return text;
}

/* What joins a bridge by its name, or is left to the usual one. libvirt's own networks are not known here. */
static void check_nic_kind(const struct reader *reader, xmlNodePtr nic)
{
    char *type = attribute(reader, nic, "type");

    if (type && strcmp(type, "bridge") != 0 && strcmp(type, "ethernet") != 0)
        config_error(reader->log, place_of(reader, nic), "element <interface>: type \"%.40s\" is not available; write "
                     "type=\"bridge\" and <source bridge=\"NAME\"/>", type);
    free(type);
}

static char *nic_words(struct reader *reader, xmlNodePtr nic)
{
    static const struct { const char *key, *element, *attribute; } parts[] = {
        { "mac", "mac", "address" }, { "bridge", "source", "bridge" }, { "backend", "backenddomain", "name" },
        { "ip", "ip", "address" }, { "script", "script", "path" }, { "vifname", "target", "dev" },
        { "model", "model", "type" }, { "mtu", "mtu", "size" },
    };
    char *text = NULL;
    size_t size;
    struct words words = { .reader = reader, .file = open_memstream(&text, &size) };

    if (!words.file)
        return NULL;
    warn_of_others(reader, nic, "mac source backenddomain ip script target model mtu alias address",
                   "address bridge name path dev type size");
    check_nic_kind(reader, nic);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (find(nic, parts[i].element))
            put_word(&words, parts[i].key, find(nic, parts[i].element), parts[i].attribute);
    if (fclose(words.file) == 0)
        return text;
    free(text);
    return NULL;
}

/* What a PVH guest has anyhow, or has not, and does not miss. */
static bool is_harmless_device(const struct reader *reader, xmlNodePtr node)
{
    if (is_word_of(node->name, "emulator serial input graphics video controller sound audio"))
        config_warning(reader->log, place_of(reader, node), "element <%s> is ignored: a PVH guest has no such device",
                       (const char *)node->name);
    return is_word_of(node->name, "console memballoon emulator serial input graphics video controller sound audio");
}

/* The devices of one kind, as a list of strings. */
static void take_kind(struct reader *reader, xmlNodePtr devices, const char *name, const char *key,
                      char *(*words_of)(struct reader *reader, xmlNodePtr node))
{
    struct config_value *list = NULL;

    for (xmlNodePtr node = devices->children; node; node = node->next) {
        if (!is(node, name))
            continue;
        if (!list)
            list = add(reader, node, key, CONFIG_LIST, NULL);
        if (list)
            add_item(reader, node, list, words_of(reader, node));
    }
}

static void take_devices(struct reader *reader, xmlNodePtr devices)
{
    take_kind(reader, devices, "disk", "disks", disk_words);
    take_kind(reader, devices, "interface", "vifs", nic_words);
    for (xmlNodePtr node = devices->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || is(node, "disk") || is(node, "interface") ||
            is_harmless_device(reader, node))
            continue;
        config_error(reader->log, place_of(reader, node), "element <%s>: devices of this kind are not available; "
                     "remove it to run the guest without them", (const char *)node->name);
    }
}

/* --- the whole ----------------------------------------------------------------------------------------------- */

/* Of these every PVH guest has all. */
static void take_features(struct reader *reader, xmlNodePtr features)
{
    for (xmlNodePtr node = features->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && !is_word_of(node->name, "acpi apic pae hap"))
            warn_ignored(reader, node);
}

static void check_clock(struct reader *reader, xmlNodePtr clock)
{
    char *offset = attribute(reader, clock, "offset");

    if (offset && strcmp(offset, "utc") != 0)
        config_warning(reader->log, place_of(reader, clock), "element <clock>: offset \"%.40s\" is ignored: a PVH "
                       "guest gets the host's time in UTC", offset);
    free(offset);
}

static void take_element(struct reader *reader, xmlNodePtr node)
{
    static const struct { const char *element, *member; } texts[] = {
        { "name", "name" }, { "uuid", "uuid" }, { "on_poweroff", "on_poweroff" }, { "on_reboot", "on_reboot" },
        { "on_crash", "on_crash" },
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (is(node, texts[i].element)) {
            take_text(reader, node, texts[i].member);
            return;
        }
    }
    if (is(node, "features"))
        take_features(reader, node);
    else if (is(node, "clock"))
        check_clock(reader, node);
    else if (is(node, "memory"))
        take_memory(reader, node, "max_memory_kib");
    else if (is(node, "currentMemory"))
        take_memory(reader, node, "memory_kib");
    else if (is(node, "vcpu"))
        take_vcpu(reader, node);
    else if (is(node, "cputune"))
        take_tune(reader, node);
    else if (is(node, "os"))
        take_os(reader, node);
    else if (is(node, "devices"))
        take_devices(reader, node);
    else
        warn_ignored(reader, node);
}

static void take_domain(struct reader *reader, xmlNodePtr domain)
{
    char *type = attribute(reader, domain, "type");

    if (!is(domain, "domain"))
        config_error(reader->log, place_of(reader, domain), "<%s> is no <domain>", (const char *)domain->name);
    else if (!type || strcmp(type, "xen") != 0)
        config_error(reader->log, place_of(reader, domain), "the domain's type is \"%.40s\", not \"xen\"",
                     type ? type : "");
    else
        for (xmlNodePtr node = domain->children; node; node = node->next)
            if (node->type == XML_ELEMENT_NODE)
                take_element(reader, node);
    take_affinity(reader);
    free(type);
}

static void read_document(struct reader *reader, const char *text, size_t length)
{
    /* No entities are expanded and nothing is fetched; errors are told here, not by the library. */
    const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA;
    struct config_place place = { reader->source, 0, 0 };
    xmlParserCtxtPtr context = reader->xml->NewParserCtxt();
    xmlDocPtr document;

    if (!context) {
        config_out_of_memory(reader->log);
        return;
    }
    document = reader->xml->CtxtReadMemory(context, text, (int)length, NULL, NULL, options);
    if (!document) {
        place.line = context->lastError.line > 0 ? (unsigned)context->lastError.line : 1;
        place.column = context->lastError.int2 > 0 ? (unsigned)context->lastError.int2 : 1;
        config_error(reader->log, place, "not well-formed XML here");
    } else if (document->intSubset) {
        config_error(reader->log, place, "a document type has no place in a domain's XML");
    } else {
        take_domain(reader, reader->xml->DocGetRootElement(document));
    }
    if (document)
        reader->xml->FreeDoc(document);
    reader->xml->FreeParserCtxt(context);
}

int ctl_config_from_xml(struct ctl_config *config, const char *source, const char *text, size_t length,
                        struct ctl_config_messages *messages)
{
    struct config_log log;
    struct reader reader = { .xml = xml_library(), .log = &log, .source = source, .text = text };
    struct config_builder builder = { .config = config, .log = &log, .settings = &reader.settings, .is_json = true };

    config_log_init(&log, messages);
    ctl_config_init(config);
    if (!reader.xml || length > CONFIG_TEXT_MAX) {
        config_error(&log, (struct config_place){ source, 0, 0 }, !reader.xml
                     ? "XML needs libxml2, which is not installed" : "too large for a configuration");
        return reader.xml ? -EINVAL : -EOPNOTSUPP;
    }
    config->source = strdup(source);
    if (!config->source) {
        config_out_of_memory(&log);
    } else {
        index_lines(&reader, length);
        read_document(&reader, text, length);
    }
    for (size_t i = 0; i < reader.settings.count && log.errors == 0; i++)
        config_apply_member(&builder, &reader.settings.list[i]);
    if (log.errors == 0 && !log.out_of_memory)
        config_complete(&builder, source);
    config_settings_free(&reader.settings);
    free(reader.lines);
    return config_log_status(&log);
}
