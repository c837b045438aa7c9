/* The command line of relevod. */
#include "options.h"

#include "os/memory_size.h"
#include "transport/keepalive.h"
#include "wire/protocol.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <relevo/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	OPTION_LISTEN = 256,
	OPTION_KEY_FILE,
	OPTION_INSECURE_TCP,
	OPTION_MAX_ITEM,
	OPTION_MAX_MEMORY,
	OPTION_MAX_QUEUES,
	OPTION_MAX_OUTPUT,
	OPTION_HELLO_TIMEOUT,
	OPTION_TCP_TIMEOUT,
	OPTION_DATA,
	OPTION_DURABILITY,
	OPTION_LOG_LEVEL,
	OPTION_PRIVATE,
	OPTION_UNTIL_EOF,
	OPTION_UNTIL_IDLE,
	OPTION_READY_FD,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "listen", required_argument, NULL, OPTION_LISTEN },
	{ "key-file", required_argument, NULL, OPTION_KEY_FILE },
	{ "insecure-tcp", no_argument, NULL, OPTION_INSECURE_TCP },
	{ "max-item", required_argument, NULL, OPTION_MAX_ITEM },
	{ "max-memory", required_argument, NULL, OPTION_MAX_MEMORY },
	{ "max-queues", required_argument, NULL, OPTION_MAX_QUEUES },
	{ "max-output", required_argument, NULL, OPTION_MAX_OUTPUT },
	{ "hello-timeout", required_argument, NULL, OPTION_HELLO_TIMEOUT },
	{ "tcp-timeout", required_argument, NULL, OPTION_TCP_TIMEOUT },
	{ "data", required_argument, NULL, OPTION_DATA },
	{ "durability", required_argument, NULL, OPTION_DURABILITY },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "private", no_argument, NULL, OPTION_PRIVATE },
	{ "until-eof", required_argument, NULL, OPTION_UNTIL_EOF },
	{ "until-idle", required_argument, NULL, OPTION_UNTIL_IDLE },
	{ "ready-fd", required_argument, NULL, OPTION_READY_FD },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
	"usage: relevod [OPTION]...\n"
	"\n"
	"The relevo broker: relays items between processes through queues.\n"
	"\n"
	"  --listen URL          listen there; may be given several times. One of\n"
	"                          ipc:///PATH       Unix socket, for its owner only\n"
	"                          abstract://NAME   the same without a file\n"
	"                          fd://N            an inherited listening socket\n"
	"                          tcp://HOST:PORT   port 0: any that is free\n"
	"                        Without it: the sockets that systemd passes, else\n"
	"                        $XDG_RUNTIME_DIR/relevo/relevo.sock or its like\n"
	"  --key-file FILE       tcp clients have to prove that they know the key in FILE,\n"
	"                        and the broker proves it to them; only its owner may be\n"
	"                        able to read FILE. Without it, tcp admits processes of\n"
	"                        its own user and of root on this host\n"
	"  --insecure-tcp        allow tcp addresses that other hosts can reach without\n"
	"                        a key, and all users of this one: anybody can do anything\n"
	"  --data DIR            the folder of what is durable; made if it is missing. One\n"
	"                        broker at a time can have it. It also listens there, for\n"
	"                        clients that ask for data:///PATH\n"
	"  --durability HOW      with --data, when a change of what is durable is answered:\n"
	"                        sync (the default) once it is on the disk; commit once the\n"
	"                        system has it; none at once\n"
	"  --max-item SIZE       largest item (default 32M)\n"
	"  --max-memory SIZE     memory for all that one user causes (default: half of\n"
	"                        this machine's, or of what control groups allow)\n"
	"  --max-queues N        queues of one user (default 65536)\n"
	"  --max-output SIZE     what may wait for a client that does not read, beside\n"
	"                        one largest answer, before it is cut off (default 64M)\n"
	"  --hello-timeout MS    time for a new connection to greet (default 10000)\n"
	"  --tcp-timeout SECONDS  a tcp client whose host does not answer for so long is\n"
	"                        gone; 4 to 3600 (default 30)\n"
	"  --log-level LEVEL     error, warning, info (default) or debug\n"
	"  --private             serve one tree of processes from the background, as the\n"
	"                        library's embedded broker: returns when it is reachable,\n"
	"                        ignores SIGINT, logs errors only. With --data it listens at\n"
	"                        nothing else, unless --listen says so\n"
	"  --until-eof FD        end when the other ends of this pipe are closed\n"
	"  --until-idle MS       end when no client has been connected for so long\n"
	"  --ready-fd FD         when it can be reached, write its URLs there, one a line,\n"
	"                        and close it\n"
	"  --help, --version     print this, or the version, and end\n"
	"\n"
	"SIZE is in bytes, or with a suffix K, M or G. The log goes to standard error;\n"
	"an event \"listening\" for each URL says that it can be reached. SIGTERM and\n"
	"SIGINT end the broker in order; SIGINT does not if it was ignored when the\n"
	"broker was started, as in the background of a script.\n"
	"\n"
	"Exit status: 0 ended in order, 1 could not start or go on, 2 wrong usage.\n";

/* ---- values ----------------------------------------------------------- */

static int suffix_shift(const char *suffix)
{
	static const struct {
		const char *name;
		int shift;
	} suffixes[] = { { "", 0 }, { "K", 10 }, { "M", 20 }, { "G", 30 } };
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		if (strcmp(suffix, suffixes[i].name) == 0)
			return suffixes[i].shift;
	}
	return -1;
}

/* A whole number from `least` to `most`; `suffixed`: may end in K, M or G. */
struct range {
	uint64_t least, most;
	bool suffixed;
};

static int options_parse_number(const char *option, const struct range *range, uint64_t *number,
				struct error *error)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(optarg, &end, 10);
	int shift = range->suffixed ? suffix_shift(end) : *end == '\0' ? 0 : -1;
	bool bad = optarg[0] < '0' || optarg[0] > '9' || shift < 0;
	if (bad)
		return error_set(
			error, RELEVO_BAD_ARGUMENT, "--%s: \"%s\" is not a %s", option, optarg,
			range->suffixed ? "size, such as 512, 64K, 32M or 1G" : "whole number");
	if (errno == ERANGE || value > ULLONG_MAX >> shift || value << shift < range->least ||
	    value << shift > range->most)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "--%s: %s is not between %llu and %llu", option, optarg,
				 (unsigned long long)range->least, (unsigned long long)range->most);
	*number = value << shift;
	return RELEVO_OK;
}

static int parse_size(const char *option, uint64_t most, uint64_t *size, struct error *error)
{
	const struct range range = { .least = 1, .most = most, .suffixed = true };
	return options_parse_number(option, &range, size, error);
}

static int parse_count(const char *option, uint32_t most, uint32_t *count, struct error *error)
{
	const struct range range = { .least = 1, .most = most };
	uint64_t number;
	int status = options_parse_number(option, &range, &number, error);
	if (status == RELEVO_OK)
		*count = (uint32_t)number;
	return status;
}

static int parse_seconds(const char *option, uint32_t *seconds, struct error *error)
{
	const struct range range = { .least = 4, .most = 3600 };
	uint64_t number;
	int status = options_parse_number(option, &range, &number, error);
	if (status == RELEVO_OK)
		*seconds = (uint32_t)number;
	return status;
}

static int options_parse_fd(const char *option, int *fd, struct error *error)
{
	const struct range range = { .least = 0, .most = INT_MAX };
	uint64_t number;
	int status = options_parse_number(option, &range, &number, error);
	if (status == RELEVO_OK)
		*fd = (int)number;
	return status;
}

static int parse_log_level(struct options *options, struct error *error)
{
	int level = log_level_of(optarg);
	if (level < 0)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "--log-level: \"%s\" is none of error, warning, info, debug",
				 optarg);
	options->log_level = (enum log_level)level;
	return RELEVO_OK;
}

static int parse_durability(struct options *options, struct error *error)
{
	static const char *const words[] = { "sync", "commit", "none" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(optarg, words[i]) != 0)
			continue;
		options->broker.durability = (enum durability)i;
		options->durability_given = true;
		return RELEVO_OK;
	}
	return error_set(error, RELEVO_BAD_ARGUMENT,
			 "--durability: \"%s\" is none of sync, commit, none", optarg);
}

static int parse_data(struct options *options, struct error *error)
{
	if (optarg[0] == '\0')
		return error_set(error, RELEVO_BAD_ARGUMENT, "--data: the name is empty");
	options->data = optarg;
	return RELEVO_OK;
}

static int add_url(struct options *options, struct error *error)
{
	if (options->url_count == OPTIONS_MAX_URLS)
		return error_set(error, RELEVO_LIMIT,
				 "--listen: %s is one more than the limit of %d", optarg,
				 OPTIONS_MAX_URLS);
	options->urls[options->url_count++] = optarg;
	return RELEVO_OK;
}

/* ---- the command line ------------------------------------------------- */

static size_t half_of_memory(void)
{
	uint64_t size = memory_size();
	return size > 0 ? (size_t)(size / 2) : (size_t)1 << 30;
}

static int parse_limit(int option, struct broker_config *broker, struct error *error)
{
	/* Lengths are 32 bits on the wire, and a frame is longer than its item. */
	const uint64_t largest_item = UINT64_C(1) << 30;
	uint64_t size = 0;
	int status;
	switch (option) {
	case OPTION_MAX_ITEM:
		status = parse_size("max-item", largest_item, &size, error);
		if (status == RELEVO_OK)
			broker->max_item = (uint32_t)size;
		return status;
	case OPTION_MAX_MEMORY:
		status = parse_size("max-memory", SIZE_MAX / 2, &size, error);
		if (status == RELEVO_OK)
			broker->max_memory = size;
		return status;
	case OPTION_MAX_OUTPUT:
		status = parse_size("max-output", SIZE_MAX / 2, &size, error);
		if (status == RELEVO_OK)
			broker->max_output = size;
		return status;
	case OPTION_TCP_TIMEOUT:
		return parse_seconds("tcp-timeout", &broker->silence_seconds, error);
	case OPTION_MAX_QUEUES:
		return parse_count("max-queues", UINT32_MAX, &broker->max_queues, error);
	default:
		return parse_count("hello-timeout", MSEC_FOREVER - 1, &broker->hello_timeout_ms,
				   error);
	}
}

static int parse_option(int option, struct options *options, struct error *error)
{
	switch (option) {
	case OPTION_LISTEN:
		return add_url(options, error);
	case OPTION_KEY_FILE:
		options->key_file = optarg;
		return RELEVO_OK;
	case OPTION_INSECURE_TCP:
		options->broker.insecure_tcp = true;
		return RELEVO_OK;
	case OPTION_DATA:
		return parse_data(options, error);
	case OPTION_DURABILITY:
		return parse_durability(options, error);
	case OPTION_LOG_LEVEL:
		return parse_log_level(options, error);
	case OPTION_PRIVATE:
		options->background = true;
		options->log_level = LOG_LEVEL_ERROR;
		return RELEVO_OK;
	case OPTION_UNTIL_EOF:
		return options_parse_fd("until-eof", &options->until_eof, error);
	case OPTION_UNTIL_IDLE:
		return parse_count("until-idle", MSEC_FOREVER - 1, &options->broker.until_idle_ms,
				   error);
	case OPTION_READY_FD:
		return options_parse_fd("ready-fd", &options->ready, error);
	default:
		return parse_limit(option, &options->broker, error);
	}
}

static int wrong_option(int option, char **argv, struct error *error)
{
	return error_set(error, RELEVO_BAD_ARGUMENT, "%s %s", argv[optind - 1],
			 option == ':' ? "needs a value" : "is not an option");
}

enum options_result options_parse(int argc, char **argv, struct options *options,
				  struct error *error)
{
	*options = (struct options){
		.broker = {
			.max_item = ITEM_MAX_DEFAULT,
			.max_memory = half_of_memory(),
			.max_queues = 65536,
			.hello_timeout_ms = 10000,
			.silence_seconds = KEEPALIVE_DEFAULT_SECONDS,
		},
		.log_level = LOG_LEVEL_INFO,
		.until_eof = -1,
		.ready = -1,
	};
	int option;
	while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		int status;
		if (option == OPTION_HELP || option == OPTION_VERSION) {
			fputs(option == OPTION_HELP ? help : "relevod " RELEVO_VERSION "\n",
			      stdout);
			return OPTIONS_DONE;
		}
		if (option == ':' || option == '?')
			status = wrong_option(option, argv, error);
		else
			status = parse_option(option, options, error);
		if (status != RELEVO_OK)
			return OPTIONS_WRONG;
	}
	if (optind < argc)
		error_set(error, RELEVO_BAD_ARGUMENT, "\"%s\" is not an option", argv[optind]);
	else if (options->durability_given && options->data == NULL)
		error_set(error, RELEVO_BAD_ARGUMENT, "--durability is for a broker with --data");
	else
		return OPTIONS_RUN;
	return OPTIONS_WRONG;
}
