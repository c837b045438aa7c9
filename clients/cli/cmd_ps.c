/* The command "ps": the sessions of the broker, what they wait for, and what they hold. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/visible.h"

#include <inttypes.h>
#include <stdio.h>

static bool only_waiting;

static const struct option_row options[] = {
	{ "waiting", 'w', NULL, "only sessions in which a call waits", .flag = &only_waiting },
	{ 0 },
};

static const char *call_name(enum relevo_waiting_call call)
{
	static const char *const names[] = { "get",     "get_any", "put", "join",
					     "acquire", "wait",    "meet" };
	return (unsigned)call < sizeof names / sizeof names[0] ? names[call] : "unknown";
}

/* ---- a table ------------------------------------------------------------- */

enum { SPAN_SIZE = 32 };

/* A time in two units at most. */
static const char *span(int64_t msec, char text[SPAN_SIZE])
{
	int64_t seconds = msec / 1000, minutes = seconds / 60, hours = minutes / 60;
	if (seconds < 10)
		snprintf(text, SPAN_SIZE, "%" PRId64 ".%" PRId64 "s", seconds, msec % 1000 / 100);
	else if (minutes < 1)
		snprintf(text, SPAN_SIZE, "%" PRId64 "s", seconds);
	else if (hours < 1)
		snprintf(text, SPAN_SIZE, "%" PRId64 "m%02" PRId64 "s", minutes, seconds % 60);
	else if (hours < 48)
		snprintf(text, SPAN_SIZE, "%" PRId64 "h%02" PRId64 "m", hours, minutes % 60);
	else
		snprintf(text, SPAN_SIZE, "%" PRId64 "d%02" PRId64 "h", hours / 24, hours % 24);
	return text;
}

static void print_state(const struct relevo_session_info *info)
{
	char time[SPAN_SIZE];
	if (info->waiting_count == 0) {
		fputs("running", stdout);
		return;
	}
	const struct relevo_session_wait *first = &info->waiting[0];
	printf("blocked in %s on %s %s for %s", call_name(first->call), visible(first->kind),
	       visible(first->object), span(first->msec, time));
	if (info->waits > 1)
		printf(", and in %" PRIu64 " more", info->waits - 1);
}

static void print_holds(const struct relevo_session_info *info)
{
	for (size_t i = 0; i < info->held_count; i++) {
		const struct relevo_session_hold *hold = &info->held[i];
		printf("%s%s %s", i == 0 ? "; holds " : ", ", visible(hold->kind),
		       visible(hold->object));
		if (hold->count > 1)
			printf(" (%" PRIu64 ")", hold->count);
	}
}

static void print_heading(void)
{
	printf("%7s  %8s  %-16s  %6s  %7s  %7s  %7s  %-16s  %s\n", "SESSION", "PID", "HOST", "UID",
	       "AGE", "HANDLES", "LEASES", "NAME", "STATE");
}

static void cmd_ps_print(const struct relevo_session_info *info)
{
	char age[SPAN_SIZE], uid[16] = "-";
	if (info->local)
		snprintf(uid, sizeof uid, "%" PRIu32, info->uid);
	printf("%7" PRIu64 "  %8d  %-16s  %6s  %7s  %7" PRIu64 "  %7" PRIu64 "  %-16s  ",
	       info->number, info->pid, visible(info->host), uid, span(info->msec, age),
	       info->handles, info->leases, visible(info->name));
	print_state(info);
	print_holds(info);
	putchar('\n');
}

/* ---- JSON ----------------------------------------------------------------- */

static json_t *waits_to_json(const struct relevo_session_info *info)
{
	json_t *list = json_array();
	for (size_t i = 0; i < info->waiting_count; i++) {
		const struct relevo_session_wait *wait = &info->waiting[i];
		json_array_append_new(list, json_pack("{sssssssI}", "call", call_name(wait->call),
						      "kind", wait->kind, "object", wait->object,
						      "msec", (json_int_t)wait->msec));
	}
	return list;
}

static json_t *holds_to_json(const struct relevo_session_info *info)
{
	json_t *list = json_array();
	for (size_t i = 0; i < info->held_count; i++) {
		const struct relevo_session_hold *hold = &info->held[i];
		json_array_append_new(list,
				      json_pack("{sssssI}", "kind", hold->kind, "object",
						hold->object, "count", (json_int_t)hold->count));
	}
	return list;
}

static json_t *to_json(const struct relevo_session_info *info)
{
	return json_pack("{sIsssssssIsbsIsIsIsIsIsIsIsssoso}", "session", (json_int_t)info->number,
			 "name", info->name, "host", info->host, "address", info->address, "pid",
			 (json_int_t)info->pid, "local", info->local, "uid", (json_int_t)info->uid,
			 "age_msec", (json_int_t)info->msec, "handles", (json_int_t)info->handles,
			 "leases", (json_int_t)info->leases, "waits", (json_int_t)info->waits,
			 "bytes", (json_int_t)info->bytes, "user_bytes",
			 (json_int_t)info->user_bytes, "state",
			 info->waits > 0 ? "blocked" : "running", "waiting", waits_to_json(info),
			 "holding", holds_to_json(info));
}

/* ---- the command ---------------------------------------------------------- */

/* An exit status, so that anything but EXIT_DONE ends the listing. */
static int cmd_ps_visit(const struct relevo_session_info *info, void *user)
{
	const struct context *context = user;
	if (only_waiting && info->waits == 0)
		return EXIT_DONE;
	if (context->json)
		return output_json(to_json(info));
	cmd_ps_print(info);
	return EXIT_DONE;
}

static int cmd_ps_run(struct context *context)
{
	int result = connect_session(context);
	if (result != EXIT_DONE)
		return result;
	if (!context->json)
		print_heading();
	int status = relevo_session_list(context->session, cmd_ps_visit, context);
	return status == RELEVO_OK ? EXIT_DONE : failure_of(status);
}

const struct command cmd_ps = {
	.name = "ps",
	.summary = "list the sessions of the broker, and what they do",
	.usage = "",
	.help = "A session is a connection of a process, this one's included. It runs, as far as "
		"the\n"
		"broker knows, or is blocked in a call on an object; of several calls, the one "
		"that\n"
		"waits longest is shown. What it holds returns when it ends.\n",
	.least = 0,
	.most = 0,
	.options = options,
	.run = cmd_ps_run,
};
