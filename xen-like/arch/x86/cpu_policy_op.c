/* SPDX-License-Identifier: MIT */
/*
 * CPU policies as tools read and write them: a list of leaves in rising order. A tool may take features away, lower
 * the highest leaves and set the processor's name and signature; the vendor is the machine's. What the hypervisor
 * fills in by itself (topology, sizes) is accepted and recomputed. No MSR is part of a policy but PLATFORM_INFO
 * (0xce), which is 0.
 */
#include "cpuid.h"
#include "domain.h"
#include "string.h"

_Static_assert(sizeof(xen_cpuid_leaf_t) == 24, "a serialised CPUID leaf");
_Static_assert(sizeof(xen_msr_entry_t) == 16, "a serialised MSR");

#define MSR_PLATFORM_INFO 0xceu
#define POLICY_MSRS 1u
#define POLICY_LEAVES_MAX \
    (CPUID_BASIC_LEAVES + CPUID_CACHE_SUBLEAVES + CPUID_FEATURE_SUBLEAVES + 2 + CPUID_XSTATE_SUBLEAVES + 2 + \
     CPUID_EXTENDED_LEAVES)
#define HYPERVISOR_LIMIT_LEAF 0x40000000u
#define HYPERVISOR_OTHER_LEAF 0x40000100u

/* --- writing -------------------------------------------------------------------------------------------------- */

struct leaf_list { xen_cpuid_leaf_t leaves[POLICY_LEAVES_MAX]; uint32_t count; };

static void add(struct leaf_list *list, uint32_t leaf, uint32_t subleaf, const struct cpuid_regs *r)
{
    list->leaves[list->count++] = (xen_cpuid_leaf_t){ leaf, subleaf, r->a, r->b, r->c, r->d };
}

static void add_subleaves(struct leaf_list *list, uint32_t leaf, const struct cpuid_regs *r, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        add(list, leaf, i, &r[i]);
}

static void serialise(const struct cpuid_policy *policy, struct leaf_list *list)
{
    static const struct cpuid_regs none[2];
    for (uint32_t leaf = 0; leaf <= MIN(policy->basic[0].a, CPUID_BASIC_LEAVES - 1); leaf++) {
        switch (leaf) {
        case 4: add_subleaves(list, leaf, policy->cache, CPUID_CACHE_SUBLEAVES); break;
        case 7:
            add_subleaves(list, leaf, policy->feature, MIN(policy->feature[0].a + 1, CPUID_FEATURE_SUBLEAVES));
            break;
        case 0xb: add_subleaves(list, leaf, none, 2); break;
        case 0xd: add_subleaves(list, leaf, policy->xstate, CPUID_XSTATE_SUBLEAVES); break;
        default: add(list, leaf, XEN_CPUID_NO_SUBLEAF, &policy->basic[leaf]); break;
        }
    }
    add(list, HYPERVISOR_LIMIT_LEAF, XEN_CPUID_NO_SUBLEAF, &none[0]);
    add(list, HYPERVISOR_OTHER_LEAF, XEN_CPUID_NO_SUBLEAF, &none[0]);
    uint32_t extended_max = policy->extended[0].a;
    for (uint32_t i = 0; i <= MIN(extended_max & 0xffff, CPUID_EXTENDED_LEAVES - 1); i++)
        add(list, 0x80000000u | i, XEN_CPUID_NO_SUBLEAF, &policy->extended[i]);
}

/* Copies a policy out. A NULL handle asks for the number of entries. */
static int copy_policy_out(const struct cpuid_policy *policy, uint64_t leaves, uint32_t *leaf_count, uint64_t msrs,
                           uint32_t *msr_count)
{
    struct leaf_list *list = object_allocate(sizeof(*list));
    if (!list)
        return -XEN_ENOMEM;
    int result = 0;
    serialise(policy, list);
    if (!leaves) {
        *leaf_count = POLICY_LEAVES_MAX;
    } else if (*leaf_count < list->count) {
        result = -XEN_ENOBUFS;
    } else {
        *leaf_count = list->count;
        result = copy_to_guest(leaves, list->leaves, list->count * sizeof(list->leaves[0]));
    }
    object_free(list);
    if (result)
        return result;
    if (msrs) {
        const xen_msr_entry_t entry = { .idx = MSR_PLATFORM_INFO };
        if (*msr_count < POLICY_MSRS)
            return -XEN_ENOBUFS;
        result = COPY_STRUCT_TO_GUEST(msrs, &entry);
    }
    *msr_count = POLICY_MSRS;
    return result;
}

int cpu_policy_get(struct domain *d, struct xen_domctl_cpu_policy *op)
{
    return copy_policy_out(d->arch.cpuid, HANDLE_ADDRESS(op->leaves), &op->nr_leaves, HANDLE_ADDRESS(op->msrs),
                           &op->nr_msrs);
}

static const enum cpuid_source sources[] = {
    [XEN_SYSCTL_cpu_policy_raw] = CPUID_RAW, [XEN_SYSCTL_cpu_policy_host] = CPUID_HOST,
    [XEN_SYSCTL_cpu_policy_hvm_max] = CPUID_GUEST_MAX, [XEN_SYSCTL_cpu_policy_hvm_default] = CPUID_GUEST_DEFAULT,
};

static struct cpuid_policy *make_system_policy(enum cpuid_source source)
{
    struct cpuid_policy *policy = object_allocate(sizeof(*policy));
    if (!policy)
        return NULL;
    cpuid_policy_fill(policy, source);
    if (source == CPUID_GUEST_MAX || source == CPUID_GUEST_DEFAULT)
        cpuid_policy_complete(policy, 1);
    return policy;
}

int cpu_policy_get_system(struct xen_sysctl_cpu_policy *op)
{
    if (op->_rsvd)
        return -XEN_EINVAL;
    if (op->index == XEN_SYSCTL_cpu_policy_pv_max || op->index == XEN_SYSCTL_cpu_policy_pv_default)
        return -XEN_EOPNOTSUPP; /* there are no PV guests */
    if (op->index >= ARRAY_SIZE(sources))
        return -XEN_EINVAL;
    struct cpuid_policy *policy = make_system_policy(sources[op->index]);
    if (!policy)
        return -XEN_ENOMEM;
    int result = copy_policy_out(policy, HANDLE_ADDRESS(op->leaves), &op->nr_leaves, HANDLE_ADDRESS(op->msrs),
                                 &op->nr_msrs);
    object_free(policy);
    return result;
}

int cpu_policy_get_featureset(struct xen_sysctl_cpu_featureset *op)
{
    static const enum cpuid_source featuresets[] = {
        [XEN_SYSCTL_cpu_featureset_raw] = CPUID_RAW, [XEN_SYSCTL_cpu_featureset_host] = CPUID_HOST,
        [XEN_SYSCTL_cpu_featureset_hvm] = CPUID_GUEST_DEFAULT, [XEN_SYSCTL_cpu_featureset_hvm_max] = CPUID_GUEST_MAX,
    };
    uint32_t words[CPUID_FEATURE_WORDS] = { 0 };

    if (op->index == XEN_SYSCTL_cpu_featureset_pv || op->index == XEN_SYSCTL_cpu_featureset_pv_max)
        return -XEN_EOPNOTSUPP;
    if (op->index >= ARRAY_SIZE(featuresets))
        return -XEN_EINVAL;
    if (!HANDLE_ADDRESS(op->features)) {
        op->nr_features = CPUID_FEATURE_WORDS;
        return 0;
    }
    struct cpuid_policy *policy = make_system_policy(featuresets[op->index]);
    if (!policy)
        return -XEN_ENOMEM;
    for (uint32_t n = 0; n < CPUID_FEATURE_WORDS; n++) {
        const uint32_t *word = cpuid_feature_word(policy, n);
        words[n] = word ? *word : 0;
    }
    object_free(policy);
    uint32_t count = MIN(op->nr_features, CPUID_FEATURE_WORDS);
    int result = copy_to_guest(HANDLE_ADDRESS(op->features), words, count * sizeof(words[0]));
    if (!result && op->nr_features < CPUID_FEATURE_WORDS)
        result = -XEN_ENOBUFS;
    op->nr_features = count;
    return result;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

/* Where a leaf of a tool's list goes; NULL for what is accepted and recomputed. False for leaves that no policy has. */
static bool find_leaf(struct cpuid_policy *policy, uint32_t leaf, uint32_t subleaf, struct cpuid_regs **out)
{
    *out = NULL;
    if (leaf == HYPERVISOR_LIMIT_LEAF || leaf == HYPERVISOR_OTHER_LEAF)
        return true;
    if (leaf >= 0x80000000u) {
        if (subleaf != XEN_CPUID_NO_SUBLEAF || (leaf & 0x7fffffffu) >= CPUID_EXTENDED_LEAVES)
            return false;
        *out = &policy->extended[leaf & 0xffff];
        return true;
    }
    if (leaf >= CPUID_BASIC_LEAVES)
        return false;
    switch (leaf) {
    case 4:
        *out = subleaf < CPUID_CACHE_SUBLEAVES ? &policy->cache[subleaf] : NULL;
        return *out != NULL;
    case 7:
        *out = subleaf < CPUID_FEATURE_SUBLEAVES ? &policy->feature[subleaf] : NULL;
        return *out != NULL;
    case 0xb: return subleaf < 2;
    case 0xd:
        *out = subleaf < CPUID_XSTATE_SUBLEAVES ? &policy->xstate[subleaf] : NULL;
        return subleaf < 64;
    default:
        *out = &policy->basic[leaf];
        return subleaf == XEN_CPUID_NO_SUBLEAF;
    }
}

/* Feature words to the leaf that holds them, for err_leaf. */
static void name_word(uint32_t word, struct xen_domctl_cpu_policy *op)
{
    static const struct { uint32_t leaf, subleaf; } names[] = {
        { 1, XEN_CPUID_NO_SUBLEAF }, { 1, XEN_CPUID_NO_SUBLEAF }, { 0x80000001u, XEN_CPUID_NO_SUBLEAF },
        { 0x80000001u, XEN_CPUID_NO_SUBLEAF }, { 0xd, 1 }, { 7, 0 }, { 7, 0 }, { 0x80000007u, XEN_CPUID_NO_SUBLEAF },
        { 0x80000008u, XEN_CPUID_NO_SUBLEAF }, { 7, 0 }, { 7, 1 }, { 0x80000021u, XEN_CPUID_NO_SUBLEAF }, { 7, 1 },
        { 7, 2 }, { 7, 1 }, { 7, 1 },
    };
    op->err_leaf = names[word].leaf;
    op->err_subleaf = names[word].subleaf;
}

/* The features of `wanted` go into *policy if a guest may have them here; `most` is what it may have. */
static int take_features(struct cpuid_policy *policy, struct cpuid_policy *wanted, struct cpuid_policy *most,
                         struct xen_domctl_cpu_policy *op)
{
    for (uint32_t n = 0; n < CPUID_FEATURE_WORDS; n++) {
        uint32_t *want = cpuid_feature_word(wanted, n), *may = cpuid_feature_word(most, n);
        if (!want)
            continue;
        uint32_t ignored = n == 2 ? CPUID_EXTENDED_COPIES : 0;
        if (*want & ~*may & ~ignored) {
            name_word(n, op);
            return -XEN_EINVAL;
        }
        *cpuid_feature_word(policy, n) = *want;
    }
    return 0;
}

static int take_identity(struct cpuid_policy *policy, const struct cpuid_policy *wanted,
                         const struct cpuid_policy *most, struct xen_domctl_cpu_policy *op)
{
    const struct cpuid_regs *want = &wanted->basic[0], *have = &most->basic[0];
    op->err_leaf = 0;
    op->err_subleaf = XEN_CPUID_NO_SUBLEAF;
    if (want->b != have->b || want->c != have->c || want->d != have->d || want->a > have->a || want->a < 1)
        return -XEN_EINVAL;
    op->err_leaf = 0x80000000u;
    if (wanted->extended[0].a > most->extended[0].a || wanted->extended[0].a < 0x80000001u)
        return -XEN_EINVAL;
    policy->basic[0].a = want->a;
    policy->extended[0].a = wanted->extended[0].a;
    policy->basic[1].a = wanted->basic[1].a;
    policy->extended[1].a = wanted->extended[1].a;
    memcpy(&policy->extended[2], &wanted->extended[2], 3 * sizeof(wanted->extended[0])); /* the name */
    op->err_leaf = 0x80000008u;
    if ((wanted->extended[8].a & 0xff) > (most->extended[8].a & 0xff))
        return -XEN_EINVAL;
    policy->extended[8].a = wanted->extended[8].a & 0xffff;
    return 0;
}

/* Applies the tool's list to *wanted, which holds the policy as it is. */
static int read_leaves(struct cpuid_policy *wanted, struct xen_domctl_cpu_policy *op)
{
    if (op->nr_leaves > POLICY_LEAVES_MAX * 2)
        return -XEN_E2BIG;
    for (uint32_t i = 0; i < op->nr_leaves; i++) {
        xen_cpuid_leaf_t leaf;
        struct cpuid_regs *place;
        if (COPY_STRUCT_FROM_GUEST(&leaf, HANDLE_ADDRESS(op->leaves) + i * sizeof(leaf)))
            return -XEN_EFAULT;
        op->err_leaf = leaf.leaf;
        op->err_subleaf = leaf.subleaf;
        if (!find_leaf(wanted, leaf.leaf, leaf.subleaf, &place))
            return -XEN_ERANGE;
        if (place)
            *place = (struct cpuid_regs){ leaf.a, leaf.b, leaf.c, leaf.d };
    }
    return 0;
}

static int read_msrs(struct xen_domctl_cpu_policy *op)
{
    if (op->nr_msrs > POLICY_MSRS)
        return -XEN_E2BIG;
    for (uint32_t i = 0; i < op->nr_msrs; i++) {
        xen_msr_entry_t entry;
        if (COPY_STRUCT_FROM_GUEST(&entry, HANDLE_ADDRESS(op->msrs) + i * sizeof(entry)))
            return -XEN_EFAULT;
        op->err_msr = entry.idx;
        if (entry.flags || entry.idx != MSR_PLATFORM_INFO || entry.val)
            return -XEN_EINVAL;
    }
    return 0;
}

int cpu_policy_set(struct domain *d, struct xen_domctl_cpu_policy *op)
{
    struct cpuid_policy *wanted, *most;
    int result = -XEN_ENOMEM;

    op->err_leaf = op->err_subleaf = op->err_msr = 0xffffffffu;
    wanted = object_allocate(2 * sizeof(*wanted));
    if (!wanted)
        return result;
    *wanted = *d->arch.cpuid;
    result = read_leaves(wanted, op);
    if (result)
        goto free_wanted;
    result = read_msrs(op);
    if (result)
        goto free_wanted;
    most = make_system_policy(CPUID_GUEST_MAX);
    if (!most) {
        result = -XEN_ENOMEM;
        goto free_wanted;
    }
    /* What is right so far is gathered in a third copy: the domain's policy changes at once or not at all. */
    struct cpuid_policy *next = &wanted[1];
    *next = *d->arch.cpuid;
    result = take_features(next, wanted, most, op);
    if (!result)
        result = take_identity(next, wanted, most, op);
    if (!result) {
        /* Component sizes are the machine's, whatever an earlier policy has cleared. */
        memcpy(&next->xstate[2], &most->xstate[2], sizeof(next->xstate) - 2 * sizeof(next->xstate[0]));
        cpuid_policy_complete(next, d->max_vcpus);
        *d->arch.cpuid = *next;
        op->err_leaf = op->err_subleaf = op->err_msr = 0xffffffffu;
    }
    object_free(most);
free_wanted:
    object_free(wanted);
    return result;
}
