#ifndef BROKER_OPTIONS_H
#define BROKER_OPTIONS_H

#include "base/error.h"
#include "broker.h"
#include "log/log.h"

#define OPTIONS_MAX_URLS 32

/* The exit statuses of relevod. */
enum { EXIT_ORDERLY = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* relevod's command line. */
struct options {
	const char *urls[OPTIONS_MAX_URLS]; /* of argv; none: the default */
	size_t url_count;
	struct broker_config broker;
	const char *key_file; /* of argv, or NULL */
	const char *data;     /* likewise: --data */
	bool durability_given;
	enum log_level log_level;
	bool background; /* --private */
	int until_eof;   /* descriptor, or -1 */
	int ready;       /* descriptor, or -1 */
};

/* What to do with the command line. */
enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/* RUN: *options is filled. DONE: --help or --version has been answered. WRONG:
 * `error` names what is. */
enum options_result options_parse(int argc, char **argv, struct options *options,
				  struct error *error);

#endif
