/* SPDX-License-Identifier: MIT */
/* Loads libxml2; see xml_library.h. */
#include "xml_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

static struct xml_library library;
static bool loaded;

static void load(void)
{
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
#define FUNCTION(name) { "xml" #name, offsetof(struct xml_library, name) }
        FUNCTION(InitParser), FUNCTION(CtxtReadMemory), FUNCTION(NewParserCtxt), FUNCTION(FreeParserCtxt),
        FUNCTION(DocGetRootElement), FUNCTION(DocSetRootElement), FUNCTION(FreeDoc), FUNCTION(GetProp),
        FUNCTION(NodeGetContent), FUNCTION(GetLineNo), FUNCTION(NewDoc), FUNCTION(NewNode), FUNCTION(NewChild),
        FUNCTION(NewTextChild), FUNCTION(NewProp), FUNCTION(DocDumpFormatMemoryEnc), FUNCTION(Free),
    };
    void *handle = dlopen("libxml2.so.2", RTLD_NOW | RTLD_LOCAL);

    if (!handle)
        return;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *function = dlsym(handle, functions[i].name);

        if (!function)
            return;
        *(void **)((char *)&library + functions[i].offset) = function;
    }
    library.InitParser(); /* before there are threads in it */
    loaded = true;
}

const struct xml_library *xml_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load);
    return loaded ? &library : NULL;
}
