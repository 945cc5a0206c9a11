/* SPDX-License-Identifier: MIT */
/* The commands that `xl` has here. */
#include "xl.h"

static const struct option list_words[] = {
    { "long", no_argument, NULL, 'l' }, { "verbose", no_argument, NULL, 'v' }, { "context", no_argument, NULL, 'Z' },
    { "cpupool", no_argument, NULL, 'c' }, { "numa", no_argument, NULL, 'n' }, { "help", no_argument, NULL, 'h' },
    { 0 },
};
static const struct option info_words[] = {
    { "numa", no_argument, NULL, 'n' }, { "help", no_argument, NULL, 'h' }, { 0 },
};
static const struct option sched_words[] = {
    { "domain", required_argument, NULL, 'd' }, { "weight", required_argument, NULL, 'w' },
    { "cap", required_argument, NULL, 'c' }, { "schedparam", no_argument, NULL, 's' },
    { "ratelimit_us", required_argument, NULL, 'r' }, { "tslice_ms", required_argument, NULL, 't' },
    { "migration_delay_us", required_argument, NULL, 'm' }, { "cpupool", required_argument, NULL, 'p' },
    { "help", no_argument, NULL, 'h' }, { 0 },
};
static const struct option create_words[] = {
    { "dryrun", no_argument, NULL, 'n' }, { "quiet", no_argument, NULL, 'q' }, { "help", no_argument, NULL, 'h' },
    { "defconfig", required_argument, NULL, 'f' }, { "vncviewer", no_argument, NULL, 'V' },
    { "vncviewer-autopass", no_argument, NULL, 'A' }, { "ignore-global-affinity-masks", no_argument, NULL, 'i' }, { 0 },
};
static const struct option cpus_words[] = {
    { "cpus", no_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' }, { 0 },
};
static const struct option help_words[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
static const struct option stop_words[] = {
    { "all", no_argument, NULL, 'a' }, { "wait", no_argument, NULL, 'w' }, { "help", no_argument, NULL, 'h' }, { 0 },
};
static const struct option clear_words[] = {
    { "clear", no_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' }, { 0 },
};
static const struct option ignore_words[] = {
    { "ignore-host", no_argument, NULL, 'i' }, { "force", no_argument, NULL, 'f' }, { "help", no_argument, NULL, 'h' },
    { 0 },
};
static const struct option config_words[] = {
    { "defconfig", required_argument, NULL, 'f' }, { "debug", no_argument, NULL, 'd' },
    { "help", no_argument, NULL, 'h' }, { 0 },
};

const struct xl_command xl_commands[] = {
    { "create", "[options] <ConfigFile> [vars]", "Create a domain from a configuration file", "hnqf:pcdeFVA",
      create_words, 0, xl_create },
    { "config-update", "<Domain> <ConfigFile> [options] [vars]", "Give a domain another configuration for its restart",
      "hf:d", config_words, 1, xl_config_update },
    { "list", "[options] [Domain]", "List domains", "hlvZcn", list_words, 0, xl_list },
    { "destroy", "[options] <Domain>", "End a domain at once", "hf", ignore_words, 1, xl_act },
    { "shutdown", "[options] <-a|Domain>", "Ask a domain to power off", "hawF", stop_words, 0, xl_stop },
    { "reboot", "[options] <-a|Domain>", "Ask a domain to restart", "hawF", stop_words, 0, xl_stop },
    { "pause", "<Domain>", "Stop a domain's vCPUs", "h", help_words, 1, xl_ask },
    { "unpause", "<Domain>", "Let a paused domain run", "h", help_words, 1, xl_ask },
    { "console", "[options] <Domain>", "Attach to a domain's console", "hn:t:", help_words, 1, xl_console },
    { "mem-max", "<Domain> <MemKB['b'|'k'|'m'|'g'|'t']>", "Set the most memory of a domain", "h", help_words, 2,
      xl_act },
    { "mem-set", "<Domain> <MemKB['b'|'k'|'m'|'g'|'t']>", "Set the memory of a domain", "h", help_words, 2, xl_act },
    { "vcpu-list", "[Domain, ...]", "List vCPUs", "h", help_words, 0, xl_vcpu_list },
    { "vcpu-pin", "[options] <Domain> <VCPU|all> <Hard affinity|-|all> [Soft affinity|-|all]",
      "Set where a vCPU runs", "hif", ignore_words, 3, xl_act },
    { "vcpu-set", "[option] <Domain> <vCPUs>", "Set how many vCPUs a domain uses", "hi", ignore_words, 2, xl_vcpu_set },
    { "info", "[-n] [Name]", "Describe the machine and its hypervisor", "hn", info_words, 0, xl_info },
    { "sched-credit", "[-d <Domain> [-w[=WEIGHT]|-c[=CAP]]] [-s] [-p CPUPOOL]", "Show or set shares (credit)",
      "hd:w:c:p:t:r:m:s", sched_words, 0, xl_sched_credit },
    { "sched-credit2", "[-d <Domain> [-w[=WEIGHT]]] [-p CPUPOOL]", "Show or set shares (credit2)", "hd:w:c:r:p:s",
      sched_words, 0, xl_sched_credit2 },
    { "domid", "<DomainName>", "Tell the number of a domain", "h", help_words, 1, xl_domid },
    { "domname", "<DomainId>", "Tell the name of a domain", "h", help_words, 1, xl_domname },
    { "rename", "<Domain> <NewDomainName>", "Rename a domain", "h", help_words, 2, xl_act },
    { "dump-core", "<Domain> <Filename>", "Write the memory of a domain into a file", "h", help_words, 2, xl_act },
    { "trigger", "<Domain> <nmi|reset|init|power|sleep> [<VCPU>]", "Send a trigger to a domain", "h", help_words, 2,
      xl_ask },
    { "sysrq", "<Domain> <letter>", "Send a SysRq key to a domain", "h", help_words, 2, xl_act },
    { "debug-keys", "<Keys>", "Send debug keys to the hypervisor", "h", help_words, 1, xl_debug_keys },
    { "dmesg", "[-c]", "Show the hypervisor's log", "hc", clear_words, 0, xl_dmesg },
    { "top", "", "Watch what domains use", "h", help_words, 0, xl_top },
    { "uptime", "[-s] [Domain]", "Show how long domains have been there", "hs", help_words, 0, xl_uptime },
    { "block-list", "<Domain(s)>", "List a domain's disks", "h", help_words, 1, xl_block_list },
    { "network-list", "<Domain(s)>", "List a domain's network interfaces", "h", help_words, 1, xl_network_list },
    { "block-attach", "<Domain> <disk-spec-component(s)>...", "Give a domain a disk", "h", help_words, 2,
      xl_block_attach },
    { "block-detach", "[option] <Domain> <DevId>", "Take a disk from a domain", "hf", ignore_words, 2, xl_detach },
    { "network-attach", "<Domain> [key=value...]", "Give a domain a network interface", "h", help_words, 1, xl_act },
    { "network-detach", "[option] <Domain> <DevId|mac>", "Take a network interface from a domain", "hf", ignore_words, 2,
      xl_detach },
    { "cpupool-list", "[-c|--cpus] [<CPU Pool>]", "List CPU pools", "hc", cpus_words, 0, xl_cpupool_list },
    { "help", "[command]", "Explain a command", "h", help_words, 0, xl_help },
    { 0 },
};
