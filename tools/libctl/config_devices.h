/* SPDX-License-Identifier: MIT */
/*
 * Disks and network interfaces in xl's words: xl-disk-configuration(5) and xl-network-configuration(5).
 * A parser returns false with a reason, the rest of a sentence, in `why`; what it filled is freed either way.
 */
#ifndef KEEL_CONFIG_DEVICES_H
#define KEEL_CONFIG_DEVICES_H

#include "config.h"

#define CONFIG_WHY_MAX 256

bool config_disk_parse(const char *text, struct ctl_disk *disk, char why[CONFIG_WHY_MAX]);
void config_disk_free(struct ctl_disk *disk);
/* As key=value pairs that the parser reads back; free with free(). NULL: no memory. */
char *config_disk_print(const struct ctl_disk *disk);
/* "raw", "qcow2", ...; "phy", "tap", ..., NULL for the one that is chosen by itself. */
const char *config_disk_format(const struct ctl_disk *disk);
const char *config_disk_backend(const struct ctl_disk *disk);
/* "xen" or "virtio"; NULL: nothing was said. */
const char *config_disk_protocol(const struct ctl_disk *disk);

/*
 * Parameters that are none are refused; or, if `unknown` is not NULL, passed over as xl does: their names are put there,
 * each in quotes, as far as there is room ("" if there is none).
 */
bool config_nic_parse(const char *text, struct ctl_nic *nic, char unknown[CONFIG_WHY_MAX], char why[CONFIG_WHY_MAX]);
void config_nic_free(struct ctl_nic *nic);
char *config_nic_print(const struct ctl_nic *nic);
void config_mac_print(const uint8_t mac[6], char text[18]);

/* One `key=value` or flag of a list parted by commas, copied and trimmed. */
#define CONFIG_WORD_MAX 256
struct config_word {
    char key[CONFIG_WORD_MAX], value[CONFIG_WORD_MAX];
    bool has_value;
};
/* Takes the next one from *text, which moves behind its comma (NULL at the end). False: it is too long. */
bool config_word_take(const char **text, struct config_word *word);
/* "trusted" or "untrusted"; false for another word. NULL for what is said by neither. */
bool config_trust_take(const char *word, enum ctl_trust *trust);
const char *config_trust_word(enum ctl_trust trust);
/* Replaces *field by a copy; false: no memory. */
bool config_field_set(char **field, const char *value);

#endif
