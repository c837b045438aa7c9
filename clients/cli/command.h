#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <relevo/relevo.h>
#include <stdbool.h>

/* The values of an option that may be given several times. */
enum { WORDS_MOST = 32 };
struct word_list {
	const char *words[WORDS_MOST];
	size_t count;
};

/* One option of a command. Exactly one of the pointers says where its value goes; with
 * `choices` (NULL behind the last), which of them it is goes to `number`. */
struct option_row {
	const char *name;  /* --name; NULL ends a list of rows */
	int letter;        /* -l, or 0 */
	const char *value; /* what the help calls its value; NULL: it has none */
	const char *help;  /* lines after the first are indented */
	bool *flag;
	const char **text;
	int64_t *number;
	int64_t least; /* of a number */
	const char *const *choices;
	struct word_list *list;
};

/* What a command is called with. */
struct context {
	const struct command *command;
	const char *url; /* NULL: as for relevo_session_open() */
	bool json;
	char **arguments; /* that are no options */
	int count;
	int64_t ends_at;         /* ms, of connect_now(); INT64_MAX: it has no limit */
	relevo_go_on *go_on;     /* for the session; NULL: waits go on */
	relevo_session *session; /* NULL until connected; main closes it */
};

/* Each is at the end of a file cmd_*.c; main.c lists them. */
struct command {
	const char *name;    /* one or two words */
	const char *summary; /* one line */
	const char *usage;   /* its arguments; those it needs are its first words */
	const char *help;    /* more to say, in whole lines; may be NULL */
	int least, most;     /* arguments; most < 0: any number */
	const struct option_row *options;
	/* An exit status, see failure.h. Whatever went wrong has been printed. */
	int (*run)(struct context *context);
};

#endif
