/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration accesses of domain 0. The address that domain 0 has chosen is kept here, and the machine's own
 * address register is set for each access under the lock. Hidden capabilities are unlinked from the list that a read
 * shows, and their registers read as 0 and ignore writes.
 */
#include "arch.h"
#include "lock.h"
#include "pci_config.h"
#include "registers.h"

#define PORT_ADDRESS 0xcf8u
#define PORT_DATA 0xcfcu
#define ADDRESS_ENABLE 0x80000000u

#define REGISTER_IDENTITY 0x00u
#define VENDOR_NONE 0xffffu /* what is read where nothing answers */
#define REGISTER_COMMAND_STATUS 0x04u
#define STATUS_HAS_CAPABILITIES (1u << 20)
#define REGISTER_HEADER_TYPE 0x0cu
#define REGISTER_CAPABILITIES 0x34u
#define CAPABILITY_FIRST 0x40u
#define CAPABILITY_MSI 0x05u
#define CAPABILITY_MSIX 0x11u
#define CAPABILITIES_MAX 48u /* as many as fit */
#define MSIX_SIZE 12u

static DEFINE_SPINLOCK(config_lock, LOCK_RANK_HARDWARE);
static uint32_t chosen_address; /* what domain 0 wrote to 0xcf8 */

static uint32_t machine_read(uint32_t function, uint32_t offset)
{
    outl(PORT_ADDRESS, function | (offset & 0xfc));
    return inl(PORT_DATA);
}

bool arch_pci_function_exists(uint16_t segment, uint8_t bus, uint8_t device_and_function)
{
    if (segment != 0) /* the ports reach the first segment alone */
        return false;
    spin_lock(&config_lock);
    uint32_t identity = machine_read(ADDRESS_ENABLE | (uint32_t)bus << 16 | (uint32_t)device_and_function << 8,
                                     REGISTER_IDENTITY);
    spin_unlock(&config_lock);
    return (identity & 0xffff) != VENDOR_NONE;
}

struct capability { uint8_t offset, size, next; bool is_hidden; };

static uint8_t hidden_size(uint32_t header)
{
    switch (header & 0xff) {
    case CAPABILITY_MSI: /* 64-bit address: bit 7 of the control word; masks: bit 8 */
        return (uint8_t)(10 + (header & (1u << 23) ? 4 : 0) + (header & (1u << 24) ? 10 : 0));
    case CAPABILITY_MSIX: return MSIX_SIZE;
    default: return 0;
    }
}

/* The function's capabilities in the order of their list; hidden ones are marked. */
static unsigned int list_capabilities(uint32_t function, struct capability list[CAPABILITIES_MAX])
{
    unsigned int count = 0;
    if (!(machine_read(function, REGISTER_COMMAND_STATUS) & STATUS_HAS_CAPABILITIES) ||
        (machine_read(function, REGISTER_HEADER_TYPE) >> 16 & 0x7f) > 1)
        return 0;
    uint8_t offset = machine_read(function, REGISTER_CAPABILITIES) & 0xfc;
    while (offset >= CAPABILITY_FIRST && count < CAPABILITIES_MAX) {
        uint32_t header = machine_read(function, offset);
        uint8_t size = hidden_size(header);
        list[count++] = (struct capability){ offset, size, header >> 8 & 0xfc, size != 0 };
        offset = header >> 8 & 0xfc;
    }
    return count;
}

/* The first capability at or after `offset` in the list that domain 0 sees; 0: none. */
static uint8_t next_visible(const struct capability *list, unsigned int count, uint8_t offset)
{
    for (unsigned int i = 0; i < count; i++) {
        if (list[i].offset != offset)
            continue;
        if (!list[i].is_hidden)
            return offset;
        offset = list[i].next; /* stands later in the array, or is the end */
    }
    return 0;
}

/* What a byte of configuration space is to domain 0: true if it belongs to a hidden capability. */
static bool is_hidden(const struct capability *list, unsigned int count, uint32_t offset)
{
    for (unsigned int i = 0; i < count; i++)
        if (list[i].is_hidden && offset - list[i].offset < list[i].size)
            return true;
    return false;
}

/* The 32-bit register at `offset` as domain 0 sees it. */
static uint32_t filtered_read(uint32_t function, uint32_t offset)
{
    struct capability list[CAPABILITIES_MAX];
    uint32_t value = machine_read(function, offset);
    if (offset != REGISTER_CAPABILITIES && offset < CAPABILITY_FIRST)
        return value;
    unsigned int count = list_capabilities(function, list);
    if (offset == REGISTER_CAPABILITIES)
        return count ? (value & ~0xffu) | next_visible(list, count, value & 0xfc) : value;
    for (uint32_t byte = 0; byte < 4; byte++)
        if (is_hidden(list, count, offset + byte))
            value &= ~(0xffu << 8 * byte);
    for (unsigned int i = 0; i < count; i++)
        if (!list[i].is_hidden && list[i].offset == offset)
            value = (value & ~0xff00u) | (uint32_t)next_visible(list, count, list[i].next) << 8;
    return value;
}

uint32_t pci_config_read_address(uint16_t port, unsigned int size)
{
    return size == 4 ? chosen_address : 0xffffffffu; /* only the whole register is there */
}

void pci_config_write_address(uint16_t port, unsigned int size, uint32_t value)
{
    if (size == 4)
        chosen_address = value;
}

uint32_t pci_config_read_data(uint16_t port, unsigned int size)
{
    unsigned int byte = port & 3;
    spin_lock(&config_lock);
    uint32_t address = chosen_address, value = 0xffffffffu;
    if ((address & ADDRESS_ENABLE) && byte + size <= 4)
        value = filtered_read(address & 0xffffff00u, address & 0xfc) >> 8 * byte;
    spin_unlock(&config_lock);
    return value;
}

void pci_config_write_data(uint16_t port, unsigned int size, uint32_t value)
{
    unsigned int byte = port & 3;
    spin_lock(&config_lock);
    uint32_t address = chosen_address, offset = (address & 0xfc) + byte;
    if ((address & ADDRESS_ENABLE) && byte + size <= 4) {
        struct capability list[CAPABILITIES_MAX];
        uint32_t function = address & 0xffffff00u;
        unsigned int count = offset >= CAPABILITY_FIRST ? list_capabilities(function, list) : 0;
        if (!is_hidden(list, count, offset)) {
            outl(PORT_ADDRESS, function | (offset & 0xfc));
            if (size == 1)
                outb((uint16_t)(PORT_DATA + byte), (uint8_t)value);
            else if (size == 2)
                outw((uint16_t)(PORT_DATA + byte), (uint16_t)value);
            else
                outl(PORT_DATA, value);
        }
    }
    spin_unlock(&config_lock);
}
