/* SPDX-License-Identifier: MIT */
/* What xl has kept of a guest, copied member by member; see xl_userdata.h. */
#include "xl_userdata.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

#define USERDATA_MAX (1u << 20)

static void put_word(yajl_gen json, const char *word)
{
    yajl_gen_string(json, (const unsigned char *)word, strlen(word));
}

static void put_number(yajl_gen json, const char *member, uint64_t number)
{
    put_word(json, member);
    yajl_gen_integer(json, (long long)number);
}

/* A member as it is, in place of the one that was kept; false: it stays as it was kept. */
static bool put_live(yajl_gen json, const char *part, const char *member, const struct live *live)
{
    if (strcmp(part, "c_info") == 0 && strcmp(member, "name") == 0) {
        put_word(json, member);
        put_word(json, live->domain.name);
        return true;
    }
    if (strcmp(part, "b_info") != 0)
        return false;
    if (strcmp(member, "max_memkb") == 0) {
        put_number(json, member, live->max_kib);
    } else if (strcmp(member, "target_memkb") == 0) {
        put_number(json, member, live->target_kib + (uint64_t)live->video_kib); /* unknown is -1, and counts as that in xl */
    } else if (strcmp(member, "avail_vcpus") == 0) {
        put_word(json, member);
        yajl_gen_array_open(json);
        for (uint32_t vcpu = 0; vcpu < live->online; vcpu++)
            yajl_gen_integer(json, vcpu);
        yajl_gen_array_close(json);
    } else if (strcmp(member, "sched_params") == 0) {
        put_word(json, member);
        yajl_gen_map_open(json);
        put_word(json, "sched");
        put_word(json, live->scheduler == CTL_SCHEDULER_CREDIT ? "credit" : "credit2");
        put_number(json, "weight", live->share.weight);
        put_number(json, "cap", live->share.cap);
        yajl_gen_map_close(json);
    } else {
        return false;
    }
    return true;
}

static bool is_one_of(const char *member, const char *const *names)
{
    while (*names && strcmp(*names, member) != 0)
        names++;
    return *names != NULL;
}

/*
 * Members that are there of each domain and may not have been kept, Domain-0's for one, are put where xl has them: behind
 * these. `member` is the one that comes next, NULL: none.
 */
static void put_missing(yajl_gen json, yajl_val object, const char *part, const char *member, const struct live *live,
                        bool *done)
{
    static const char *const before_name[] = { "type", "hap", "oos", "ssidref", "ssid_label", NULL };
    static const char *const before_memory[] = { "max_vcpus", "avail_vcpus", "cpumap", "nodemap", "vcpu_hard_affinity",
                                                 "vcpu_soft_affinity", "numa_placement", "tsc_mode", NULL };
    static const char *const names[] = { "name", NULL }, *const memory[] = { "max_memkb", "target_memkb", NULL };
    bool is_identity = strcmp(part, "c_info") == 0;
    const char *const *missing = is_identity ? names : memory;

    if (*done || (!is_identity && strcmp(part, "b_info") != 0) ||
        (member && is_one_of(member, is_identity ? before_name : before_memory)))
        return;
    *done = true;
    for (; *missing; missing++) {
        const char *path[] = { *missing, NULL };

        if (!yajl_tree_get(object, path, yajl_t_any))
            put_live(json, part, *missing, live);
    }
}

/* `part` is the member of the whole that the value is, "" for the whole, NULL deeper. */
static void copy(yajl_gen json, yajl_val value, const char *part, const struct live *live)
{
    bool done = false;

    switch (value->type) {
    case yajl_t_string: put_word(json, YAJL_GET_STRING(value)); break;
    case yajl_t_number: yajl_gen_number(json, YAJL_GET_NUMBER(value), strlen(YAJL_GET_NUMBER(value))); break;
    case yajl_t_true:
    case yajl_t_false: yajl_gen_bool(json, value->type == yajl_t_true); break;
    case yajl_t_array:
        yajl_gen_array_open(json);
        for (size_t i = 0; i < value->u.array.len; i++)
            copy(json, value->u.array.values[i], NULL, live);
        yajl_gen_array_close(json);
        break;
    case yajl_t_object:
        yajl_gen_map_open(json);
        for (size_t i = 0; i < value->u.object.len; i++) {
            const char *member = value->u.object.keys[i];

            put_missing(json, value, part ? part : "", member, live, &done);
            if (part && *part && put_live(json, part, member, live))
                continue;
            put_word(json, member);
            copy(json, value->u.object.values[i], part && !*part ? member : NULL, live);
        }
        put_missing(json, value, part ? part : "", NULL, live, &done);
        yajl_gen_map_close(json);
        break;
    default: yajl_gen_null(json); break;
    }
}

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file ? calloc(1, USERDATA_MAX + 1) : NULL;

    if (text && (fread(text, 1, USERDATA_MAX + 1, file) > USERDATA_MAX || ferror(file))) {
        free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    return text;
}

bool xl_userdata_put(yajl_gen json, const char *folder, const struct live *live)
{
    char uuid[37], path[256], why[64];

    cli_uuid_print(live->domain.uuid, uuid);
    snprintf(path, sizeof(path), "%s/userdata-d.%u.%s.libxl-json", folder, live->domain.domid, uuid);
    char *text = read_whole(path); /* its own zero byte ends it */
    yajl_val tree = text ? yajl_tree_parse(text, why, sizeof(why)) : NULL;
    bool good = YAJL_IS_OBJECT(tree);

    if (good)
        copy(json, tree, "", live);
    yajl_tree_free(tree);
    free(text);
    return good;
}
