#ifndef LOG_STREAMS_H
#define LOG_STREAMS_H

/*
 * The standard streams of a program that may have been started without some. New
 * descriptors get the lowest free number: a socket or a file would become standard error,
 * and what is said there would be written into it.
 */

/* Descriptors 0 to 2 that are closed become /dev/null. To be called before anything is
 * opened. Returns 0 or an error number. */
int streams_complete(void);

#endif
