/* The broker as a program: options in, a broker run, an exit status out. */
#include "background.h"
#include "broker.h"
#include "data/data_door.h"
#include "default_socket.h"
#include "log/log.h"
#include "log/streams.h"
#include "options.h"
#include "systemd.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* What ends the broker from outside. */
struct endings {
	struct loop *loop;
	int signals;   /* signalfd */
	int until_eof; /* -1: none */
	struct loop_source *signal_source;
	struct loop_source *eof_source;
};

/* What stands before the broker does. */
struct starting {
	sigset_t signals; /* that end it, blocked */
	int report;       /* where the process waits that went to the background; -1: none */
};

static void relevod_on_signal(void *context, uint32_t events)
{
	struct endings *endings = context;
	struct signalfd_siginfo info;
	(void)events;
	if (read(endings->signals, &info, sizeof info) != sizeof info)
		return;
	log_info("signal", LOG_NUMBER("number", info.ssi_signo), LOG_NUMBER("pid", info.ssi_pid));
	loop_stop(endings->loop);
}

static void on_eof(void *context, uint32_t events)
{
	struct endings *endings = context;
	char bytes[256];
	(void)events;
	ssize_t got = read(endings->until_eof, bytes, sizeof bytes);
	if (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)))
		return;
	log_info("end-of-file", LOG_NUMBER("fd", endings->until_eof));
	loop_stop(endings->loop);
}

static int watch_endings(struct endings *endings, const sigset_t *signals, struct error *error)
{
	endings->signals = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (endings->signals < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "signalfd");
	endings->signal_source =
		loop_add(endings->loop, endings->signals, EPOLLIN, relevod_on_signal, endings);
	if (endings->signal_source == NULL)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "waiting for signals");
	if (endings->until_eof < 0)
		return RELEVO_OK;
	endings->eof_source = loop_add(endings->loop, endings->until_eof, EPOLLIN, on_eof, endings);
	if (endings->eof_source == NULL)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "--until-eof %d",
				       endings->until_eof);
	return RELEVO_OK;
}

static void forget_endings(struct endings *endings)
{
	loop_remove(endings->signal_source);
	loop_remove(endings->eof_source);
	if (endings->signals >= 0)
		close(endings->signals);
}

static bool is_ignored(int number)
{
	struct sigaction action;
	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* The signals that end the broker, blocked in all threads that come later, so
 * that only the loop sees them. */
static sigset_t take_signals(bool background)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	/* The user's Ctrl-C is for the program that a private broker serves. Whoever
	 * started this one in the background, as a script does, has it ignored. */
	if (background)
		signal(SIGINT, SIG_IGN);
	else if (!is_ignored(SIGINT))
		sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signals;
}

/* Every connection is a descriptor. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warning("descriptor-limit", LOG_NUMBER("wanted", limit.rlim_max),
			    LOG_TEXT("reason", strerror(errno)));
}

/* ---- listening -------------------------------------------------------- */

static int listen_inherited(struct broker *broker, int count, struct error *error)
{
	enum { FIRST = 3 };
	int status = RELEVO_OK;
	for (int i = 0; i < count && status == RELEVO_OK; i++) {
		char url[32];
		snprintf(url, sizeof url, "fd://%d", FIRST + i);
		status = broker_listen(broker, url, error);
	}
	return status;
}

static int listen_default(struct broker *broker, struct error *error)
{
	char url[ADDRESS_MAX];
	int status = default_socket(url, error);
	return status == RELEVO_OK ? broker_listen(broker, url, error) : status;
}

static int listen_all(struct broker *broker, const struct options *options, struct error *error)
{
	int inherited = systemd_sockets();
	int status = listen_inherited(broker, inherited, error);
	for (size_t i = 0; i < options->url_count && status == RELEVO_OK; i++)
		status = broker_listen(broker, options->urls[i], error);
	bool hidden = options->background && options->data != NULL;
	if (status == RELEVO_OK && options->url_count == 0 && inherited == 0 && !hidden)
		status = listen_default(broker, error);
	return status;
}

/* Say to whoever waits for it that clients can connect now. */
static int report_ready(const struct broker *broker, const struct options *options, int report,
			struct error *error)
{
	const char *url;
	for (size_t i = 0; options->ready >= 0 && (url = broker_url(broker, i)) != NULL; i++) {
		if (dprintf(options->ready, "%s\n", url) < 0)
			return error_set_errno(error, RELEVO_SYSTEM, errno, "--ready-fd %d",
					       options->ready);
	}
	if (options->ready >= 0)
		close(options->ready);
	systemd_ready();
	if (report >= 0)
		background_report(report);
	return RELEVO_OK;
}

/* ---- the program ------------------------------------------------------ */

/* Whoever connects there before has waited. */
static int serve_door(struct broker *broker, const struct broker_config *config, int *door,
		      struct error *error)
{
	if (*door < 0)
		return RELEVO_OK;
	int fd = *door;
	*door = -1;
	return broker_listen_at(broker, fd, config->data->url, error);
}

static int relevod_serve(const struct options *options, const struct broker_config *config,
			 const struct starting *starting, int *door, struct error *error)
{
	struct broker *broker;
	int status = broker_open(config, &broker, error);
	if (status != RELEVO_OK)
		return status;
	struct endings endings = {
		.loop = broker_loop(broker),
		.signals = -1,
		.until_eof = options->until_eof,
	};
	status = watch_endings(&endings, &starting->signals, error);
	if (status == RELEVO_OK)
		status = listen_all(broker, options, error);
	if (status == RELEVO_OK)
		status = serve_door(broker, config, door, error);
	if (status == RELEVO_OK)
		status = report_ready(broker, options, starting->report, error);
	if (status == RELEVO_OK)
		status = broker_run(broker, error);
	systemd_stopping();
	forget_endings(&endings);
	/* First, so that nobody finds it and is then cut off. */
	if (config->data != NULL)
		data_door_hide(config->data);
	broker_close(broker);
	return status;
}

/* Whoever uses the data folder can connect before the broker is ready, and waits then. */
static int relevod_run(const struct options *options, const struct broker_config *config,
		       const struct starting *starting, struct error *error)
{
	int door = -1;
	int status = RELEVO_OK;
	if (config->data != NULL)
		status = data_door_open(config->data, &door, error);
	if (status == RELEVO_OK)
		status = relevod_serve(options, config, starting, &door, error);
	if (door >= 0) {
		data_door_hide(config->data);
		close(door);
	}
	return status;
}

/* With the key, if there is one, and the data folder. */
static int run_with_key(const struct options *options, const struct data_folder *data,
			const struct starting *starting, struct error *error)
{
	struct broker_config config = options->broker;
	struct key *key = NULL;
	int status = RELEVO_OK;
	if (options->data != NULL)
		config.data = data;
	if (options->key_file != NULL)
		status = key_load(options->key_file, clock_deadline(clock_now(), KEY_PATIENCE),
				  &key, error);
	config.key = key;
	if (status == RELEVO_OK)
		status = relevod_run(options, &config, starting, error);
	key_free(key);
	return status;
}

static int kept_descriptors(const struct options *options, const struct data_folder *data,
			    struct kept_fds *kept, struct error *error)
{
	kept->count = 0;
	if (data->fd >= 0) {
		kept->fds[kept->count++] = data->fd;
		kept->fds[kept->count++] = data->lock;
	}
	for (size_t i = 0; i < options->url_count; i++) {
		struct address address;
		int status = address_parse(options->urls[i], &address, error);
		if (status != RELEVO_OK)
			return status;
		if (address.kind == ADDRESS_FD)
			kept->fds[kept->count++] = address.number;
	}
	if (options->until_eof >= 0)
		kept->fds[kept->count++] = options->until_eof;
	if (options->ready >= 0)
		kept->fds[kept->count++] = options->ready;
	return RELEVO_OK;
}

static int go_to_background(const struct options *options, const struct data_folder *data,
			    int *report, struct error *error)
{
	struct kept_fds kept;
	int status = kept_descriptors(options, data, &kept, error);
	return status == RELEVO_OK ? background_enter(&kept, report, error) : status;
}

/*
 * Queues fill and empty all the time. By default the heap gives memory back as soon as they
 * do, and takes the same pages again, zeroed, at the next put; and large items come from
 * mappings of their own, which costs them a page fault every 4 KiB. So some is kept, as far
 * as it is little beside what may be used.
 */
static void keep_memory(size_t max_memory)
{
	enum { KEPT = 64 << 20, STEP = 1 << 20, LARGEST_IN_HEAP = 8 << 20 };
	size_t little = max_memory / 8;
	mallopt(M_TRIM_THRESHOLD, little < KEPT ? (int)little : KEPT);
	mallopt(M_TOP_PAD, STEP);
	mallopt(M_MMAP_THRESHOLD, LARGEST_IN_HEAP);
}

/* The data folder is opened where its name may be a relative one. The log gets its thread when
 * the broker has become the process that stays. */
static int relevod_prepare(const struct options *options, struct data_folder *data,
			   struct starting *starting, struct error *error)
{
	int status = RELEVO_OK;
	if (options->data != NULL)
		status = data_folder_open(options->data, data, error);
	if (status == RELEVO_OK && options->data != NULL)
		status = data_folder_lock(data, error);
	if (status == RELEVO_OK && options->background)
		status = go_to_background(options, data, &starting->report, error);
	if (status == RELEVO_OK && options->background && options->data != NULL)
		status = data_folder_sign(data, error);
	starting->signals = take_signals(options->background);
	int failure = status == RELEVO_OK ? log_start() : 0;
	if (failure != 0)
		status = error_set_errno(error, RELEVO_SYSTEM, failure, "no thread for the log");
	raise_descriptor_limit();
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	struct data_folder data = { .fd = -1, .lock = -1 };
	struct error error = { 0 };
	struct starting starting = { .report = -1 };
	/* Both are errors of the call that would raise them: a client has left, or a file, of
	 * memory or of the log, may not become so large. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* Where this fails there is nobody to tell. */
	if (streams_complete() != 0)
		return EXIT_FAILED;
	enum options_result result = options_parse(argc, argv, &options, &error);
	if (result == OPTIONS_DONE)
		return EXIT_ORDERLY;
	if (result == OPTIONS_WRONG) {
		fprintf(stderr, "relevod: %s\nTry relevod --help.\n", error_text(&error));
		return EXIT_USAGE;
	}
	log_set_level(options.log_level);
	keep_memory(options.broker.max_memory);
	int status = relevod_prepare(&options, &data, &starting, &error);
	if (status == RELEVO_OK)
		status = run_with_key(&options, &data, &starting, &error);
	if (status != RELEVO_OK)
		log_error("failed", LOG_TEXT("status", relevo_error_name(status)),
			  LOG_TEXT("reason", error_text(&error)));
	else
		log_info("stopped", LOG_NUMBER("pid", getpid()));
	data_folder_close(&data);
	log_stop();
	return status == RELEVO_OK ? EXIT_ORDERLY : EXIT_FAILED;
}
