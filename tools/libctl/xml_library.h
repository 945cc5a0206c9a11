/* SPDX-License-Identifier: MIT */
/*
 * libxml2, loaded when XML is met for the first time: it brings megabytes of tables along, which a program that lists
 * domains does not have to wait for.
 */
#ifndef KEEL_CTL_XML_LIBRARY_H
#define KEEL_CTL_XML_LIBRARY_H

#include <libxml/parser.h>
#include <libxml/tree.h>

/* Each member is the function of that name. */
struct xml_library {
    typeof(&xmlInitParser) InitParser;
    typeof(&xmlCtxtReadMemory) CtxtReadMemory;
    typeof(&xmlNewParserCtxt) NewParserCtxt;
    typeof(&xmlFreeParserCtxt) FreeParserCtxt;
    typeof(&xmlDocGetRootElement) DocGetRootElement;
    typeof(&xmlDocSetRootElement) DocSetRootElement;
    typeof(&xmlFreeDoc) FreeDoc;
    typeof(&xmlGetProp) GetProp;
    typeof(&xmlNodeGetContent) NodeGetContent;
    typeof(&xmlGetLineNo) GetLineNo;
    typeof(&xmlNewDoc) NewDoc;
    typeof(&xmlNewNode) NewNode;
    typeof(&xmlNewChild) NewChild;
    typeof(&xmlNewTextChild) NewTextChild;
    typeof(&xmlNewProp) NewProp;
    typeof(&xmlDocDumpFormatMemoryEnc) DocDumpFormatMemoryEnc;
    xmlFreeFunc *Free;
};

/* NULL when libxml2 is not installed. */
const struct xml_library *xml_library(void);

#endif
