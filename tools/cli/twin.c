/* SPDX-License-Identifier: MIT */
/* The twin is this program; see twin.h. */
#include "twin.h"

void twin_become(void)
{
}
