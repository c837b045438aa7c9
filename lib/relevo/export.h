/*
 * How the headers mark what the library offers: everything else in it is hidden.
 */
#ifndef RELEVO_EXPORT_H
#define RELEVO_EXPORT_H

#define RELEVO_API __attribute__((visibility("default")))

#endif
