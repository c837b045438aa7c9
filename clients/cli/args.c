/* Parsing options and arguments by the tables of the commands, and printing these for help. */
#include "cli/args.h"

#include "cli/failure.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* getopt numbers long options from here; letters are smaller. */
enum { FIRST_LONG = 256, MOST_OPTIONS = 32 };

/* Where the help says what an option does. */
enum { COLUMN = 22 };

static const char *url;
static bool json, help, version;

static const struct option_row common_rows[] = {
	{ "url", 0, "URL",
	  "the broker; default: $RELEVO_URL, else\n"
	  "the user's own",
	  .text = &url },
	{ "json", 0, NULL, "print JSON, one value a line", .flag = &json },
	{ "help", 'h', NULL, "print this", .flag = &help },
	{ "version", 0, NULL, "print the version", .flag = &version },
	{ 0 },
};

/* The options of a command in the forms that getopt_long() wants. */
struct parser {
	const struct option_row *rows[MOST_OPTIONS];
	size_t count;
	struct option longs[MOST_OPTIONS + 1];
	char shorts[2 * MOST_OPTIONS + 3];
};

static void add_rows(struct parser *parser, const struct option_row *rows)
{
	char *shorts = parser->shorts + strlen(parser->shorts);
	for (; rows != NULL && rows->name != NULL && parser->count < MOST_OPTIONS; rows++) {
		int has_value = rows->value != NULL ? required_argument : no_argument;
		parser->longs[parser->count] = (struct option){
			rows->name,
			has_value,
			NULL,
			FIRST_LONG + (int)parser->count,
		};
		parser->rows[parser->count++] = rows;
		if (rows->letter == 0)
			continue;
		*shorts++ = (char)rows->letter;
		if (has_value)
			*shorts++ = ':';
	}
	*shorts = '\0';
}

static const struct option_row *find_row(const struct parser *parser, int option)
{
	if (option >= FIRST_LONG)
		return parser->rows[option - FIRST_LONG];
	for (size_t i = 0; i < parser->count; i++) {
		if (parser->rows[i]->letter == option)
			return parser->rows[i];
	}
	return NULL;
}

/* ---- values ------------------------------------------------------------ */

static bool args_take_number(const struct option_row *row)
{
	char *end;
	errno = 0;
	intmax_t value = strtoimax(optarg, &end, 10);
	const char *digits = optarg + (row->least < 0 && optarg[0] == '-');
	if (digits[0] < '0' || digits[0] > '9' || *end != '\0') {
		failure_usage("--%s: \"%s\" is not a whole number", row->name, optarg);
		return false;
	}
	if (errno == ERANGE || value > INT64_MAX || value < row->least) {
		failure_usage("--%s: %s is not between %" PRId64 " and %" PRId64, row->name, optarg,
			      row->least, INT64_MAX);
		return false;
	}
	*row->number = value;
	return true;
}

static bool take_choice(const struct option_row *row)
{
	for (int i = 0; row->choices[i] != NULL; i++) {
		if (strcmp(row->choices[i], optarg) == 0) {
			*row->number = i;
			return true;
		}
	}
	char known[128] = "";
	for (int i = 0; row->choices[i] != NULL; i++)
		snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s",
			 i > 0 ? ", " : "", row->choices[i]);
	failure_usage("--%s: \"%s\" is none of %s", row->name, optarg, known);
	return false;
}

static bool args_take_word(const struct option_row *row)
{
	if (row->list->count == WORDS_MOST) {
		failure_usage("--%s: %s is one more than the %d allowed", row->name, optarg,
			      WORDS_MOST);
		return false;
	}
	row->list->words[row->list->count++] = optarg;
	return true;
}

static bool args_take_value(const struct option_row *row)
{
	if (row->choices != NULL)
		return take_choice(row);
	if (row->list != NULL)
		return args_take_word(row);
	if (row->number != NULL)
		return args_take_number(row);
	if (row->text != NULL)
		*row->text = optarg;
	else
		*row->flag = true;
	return true;
}

/* `word` is what getopt_long() was at. */
static void args_complain(const struct parser *parser, int option, const char *word)
{
	const struct option_row *row = optopt != 0 ? find_row(parser, optopt) : NULL;
	if (option == ':')
		failure_usage("%s needs a value: %s", word, row != NULL ? row->value : "VALUE");
	else if (row != NULL)
		failure_usage("--%s takes no value", row->name);
	else if (optopt != 0)
		failure_usage("-%c is not an option", optopt);
	else
		failure_usage("%s is not an option", word);
}

/* ---- the command line -------------------------------------------------- */

static enum args_result args_parse_here(struct parser *parser, int argc, char **argv)
{
	int option;
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((option = getopt_long(argc, argv, parser->shorts, parser->longs, NULL)) != -1) {
		if (option == '?' || option == ':') {
			args_complain(parser, option, argv[optind - 1]);
			return ARGS_WRONG;
		}
		if (!args_take_value(find_row(parser, option)))
			return ARGS_WRONG;
	}
	if (help)
		return ARGS_HELP;
	if (version) {
		puts("relevo " RELEVO_VERSION);
		return ARGS_DONE;
	}
	return ARGS_RUN;
}

enum args_result args_parse_global(int argc, char **argv, struct context *context, int *used)
{
	/* + stops at the command, : tells a missing value from an unknown option. */
	struct parser parser = { .shorts = "+:" };
	add_rows(&parser, common_rows);
	enum args_result result = args_parse_here(&parser, argc, argv);
	*used = optind;
	context->url = url;
	context->json = json;
	return result;
}

/* The word of "NAME [ITEM]..." for an argument, in *length bytes. */
static const char *argument_name(const char *usage, int number, int *length)
{
	for (;; usage += strcspn(usage, " "), usage += strspn(usage, " ")) {
		*length = (int)strcspn(usage, " ");
		if (strncmp(usage, "--", 2) != 0 && number-- == 0)
			return usage;
	}
}

static enum args_result check_count(const struct context *context)
{
	const struct command *command = context->command;
	if (context->count < command->least) {
		int length;
		const char *name = argument_name(command->usage, context->count, &length);
		failure_usage("%.*s is missing", length, name);
		return ARGS_WRONG;
	}
	if (command->most >= 0 && context->count > command->most) {
		failure_usage("\"%s\" is one argument too many", context->arguments[command->most]);
		return ARGS_WRONG;
	}
	return ARGS_RUN;
}

enum args_result args_parse(int argc, char **argv, struct context *context)
{
	struct parser parser = { .shorts = ":" };
	add_rows(&parser, common_rows);
	add_rows(&parser, context->command->options);
	enum args_result result = args_parse_here(&parser, argc, argv);
	context->url = url;
	context->json = json;
	context->arguments = argv + optind;
	context->count = argc - optind;
	return result == ARGS_RUN ? check_count(context) : result;
}

static void print_row(const struct option_row *row)
{
	char left[64] = "    ";
	if (row->letter != 0)
		snprintf(left, sizeof left, "-%c, ", row->letter);
	snprintf(left + 4, sizeof left - 4, "--%s%s%s", row->name, row->value != NULL ? " " : "",
		 row->value != NULL ? row->value : "");
	for (const char *line = row->help; line != NULL;) {
		const char *end = strchr(line, '\n');
		int length = end != NULL ? (int)(end - line) : (int)strlen(line);
		printf("  %-*s  %.*s\n", COLUMN, left, length, line);
		left[0] = '\0';
		line = end != NULL ? end + 1 : NULL;
	}
}

void args_print_options(const struct option_row *rows)
{
	for (rows = rows != NULL ? rows : common_rows; rows->name != NULL; rows++)
		print_row(rows);
}
