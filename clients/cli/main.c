/* The command-line client: finds the command, and runs it. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/streams.h"

#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
	&cmd_queue_list, &cmd_queue_create, &cmd_queue_stat, &cmd_queue_put,      &cmd_queue_get,
	&cmd_queue_peek, &cmd_queue_purge,  &cmd_queue_move, &cmd_queue_shutdown, &cmd_queue_delete,
	&cmd_lock_run,   &cmd_pool_serve,   &cmd_pool_map,   &cmd_pool_list,      &cmd_pool_stat,
	&cmd_ps,         &cmd_top,          &cmd_data_check, &cmd_data_dump,      &cmd_data_backup,
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* How many of the words make the name of this command; 0: another one's. */
static int match(const char *name, int count, char **words)
{
	size_t first = strcspn(name, " ");
	if (count < 1 || strncmp(words[0], name, first) != 0 || words[0][first] != '\0')
		return 0;
	if (name[first] == '\0')
		return 1;
	return count > 1 && strcmp(words[1], name + first + 1) == 0 ? 2 : 0;
}

static const struct command *find_command(int count, char **words, int *used)
{
	*used = 0;
	for (size_t i = 0; i < COMMANDS; i++) {
		*used = match(commands[i]->name, count, words);
		if (*used > 0)
			return commands[i];
	}
	return NULL;
}

/* Whether the word is the first of commands of two. */
static bool is_group(const char *word)
{
	size_t length = strlen(word);
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strncmp(commands[i]->name, word, length) == 0 &&
		    commands[i]->name[length] == ' ')
			return true;
	}
	return false;
}

static void print_overview(void)
{
	puts("usage: relevo [OPTION]... COMMAND [ARGUMENT]...\n"
	     "\n"
	     "Look at the queues, locks, pools and clients of a relevo broker, and use them from "
	     "a shell.\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-16s  %s\n", commands[i]->name, commands[i]->summary);
	puts("\nrelevo COMMAND --help tells more. Every command has these options:\n");
	args_print_options(NULL);
	printf("\n%s", failure_help);
}

static void print_help(const struct command *command)
{
	printf("usage: relevo %s [OPTION]... %s\n\n%c%s.\n\n", command->name, command->usage,
	       toupper((unsigned char)command->summary[0]), command->summary + 1);
	if (command->help != NULL)
		printf("%s\n", command->help);
	if (command->options != NULL)
		args_print_options(command->options);
	args_print_options(NULL);
	printf("\n%s", failure_help);
}

static int main_run(struct context *context)
{
	int result = context->command->run(context);
	int status = relevo_session_close(context->session);
	if (status != RELEVO_OK && result == EXIT_DONE)
		result = failure_of(status);
	return result;
}

static int unknown_command(int count, char **words)
{
	if (count == 0)
		return failure_usage("a command is missing");
	if (!is_group(words[0]))
		return failure_usage("\"%s\" is not a command", words[0]);
	if (count == 1)
		return failure_usage("\"%s\" is only the first word of a command", words[0]);
	return failure_usage("\"%s %s\" is not a command", words[0], words[1]);
}

/* "help", or options that end with --help. */
static bool wants_help(int count, char **words)
{
	return count > 0 &&
	       (strcmp(words[0], "help") == 0 || strcmp(words[count - 1], "--help") == 0);
}

/* `words`: all that stands behind the options that come first. */
static int dispatch_command(struct context *context, int count, char **words)
{
	int used;
	context->command = find_command(count, words, &used);
	if (context->command == NULL && !wants_help(count, words))
		return unknown_command(count, words);
	if (context->command == NULL) {
		print_overview();
		return EXIT_DONE;
	}
	failure_set_command(context->command->name);
	/* The last word of the name stands where a program's name does. */
	switch (args_parse(count - used + 1, words + used - 1, context)) {
	case ARGS_RUN:
		return main_run(context);
	case ARGS_HELP:
		print_help(context->command);
		return EXIT_DONE;
	case ARGS_DONE:
		return EXIT_DONE;
	default:
		return EXIT_USAGE;
	}
}

static int main_dispatch(int argc, char **argv)
{
	struct context context = { 0 };
	int used;
	switch (args_parse_global(argc, argv, &context, &used)) {
	case ARGS_RUN:
		return dispatch_command(&context, argc - used, argv + used);
	case ARGS_HELP:
		print_overview();
		return EXIT_DONE;
	case ARGS_DONE:
		return EXIT_DONE;
	default:
		return EXIT_USAGE;
	}
}

int main(int argc, char **argv)
{
	signals_ignore();
	if (!streams_open())
		return EXIT_FAILED;
	setlocale(LC_CTYPE, "");
	int result = main_dispatch(argc, argv);
	int output = output_close();
	return result != EXIT_DONE ? result : output;
}
