/* SPDX-License-Identifier: MIT */
/*
 * An example of libctl: reads a guest's configuration, says what is wrong with it, and prints it as JSON. It needs no
 * hypervisor.
 *
 *   cc check_config.c $(pkg-config --cflags --libs libctl) -o check_config && ./check_config guest.cfg memory=256
 */
#include <keel/config.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct ctl_config config;
    struct ctl_config_messages messages;
    char *json = NULL;

    if (argc < 2) {
        fprintf(stderr, "usage: check_config FILE [KEY=VALUE...]\n");
        return 2;
    }
    int result = ctl_config_read(&config, argv[1], (const char *const *)argv + 2, (size_t)argc - 2, &messages);

    for (size_t i = 0; i < messages.count; i++)
        fprintf(stderr, "%s: %s\n", messages.list[i].is_error ? "error" : "warning", messages.list[i].text);
    if (result == 0)
        json = ctl_config_to_json(&config);
    if (json)
        printf("%s\n", json);
    free(json);
    ctl_config_messages_free(&messages);
    ctl_config_free(&config);
    return json ? 0 : 1;
}
