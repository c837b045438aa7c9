/* The command "pool stat": the counts of a pool, and how many workers it has on each host. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/pool_counts.h"
#include "cli/visible.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Workers come in the order of their hosts: those of one are counted together. */
struct hosts {
	json_t *object; /* NULL: they are printed */
	char host[256];
	uint64_t workers;
	int result; /* an exit status */
};

static void end_host(struct hosts *hosts)
{
	if (hosts->workers == 0)
		return;
	if (hosts->object == NULL)
		printf("%-8s  %" PRIu64 " on %s\n", "", hosts->workers, visible(hosts->host));
	else if (json_object_set_new(hosts->object, hosts->host,
				     json_integer((json_int_t)hosts->workers)) != 0)
		hosts->result = output_json(NULL);
	hosts->workers = 0;
}

static int cmd_pool_stat_visit(const struct relevo_worker_info *info, void *user)
{
	struct hosts *hosts = user;
	if (strcmp(hosts->host, info->host) != 0)
		end_host(hosts);
	snprintf(hosts->host, sizeof hosts->host, "%s", info->host);
	hosts->workers++;
	return hosts->result;
}

static int count_hosts(struct context *context, struct hosts *hosts)
{
	int status = relevo_pool_list_workers(context->session, context->arguments[0],
					      cmd_pool_stat_visit, hosts);
	if (hosts->result != EXIT_DONE)
		return hosts->result;
	if (status != RELEVO_OK)
		return failure_of(status);
	end_host(hosts);
	return hosts->result;
}

static int cmd_pool_stat_print(struct context *context, const struct relevo_pool_info *info)
{
	struct hosts hosts = { 0 };
	printf("%-8s  %s\n", "pool", visible(info->name));
	printf("%-8s  %" PRIu64 "\n", "waiting", info->waiting);
	printf("%-8s  %" PRIu64 "\n", "running", info->running);
	printf("%-8s  %" PRIu64 "\n", "done", info->done);
	printf("%-8s  %" PRIu64 "\n", "callers", info->callers);
	printf("%-8s  %" PRIu64 "\n", "workers", info->workers);
	return count_hosts(context, &hosts);
}

static int cmd_pool_stat_print_json(struct context *context, const struct relevo_pool_info *info)
{
	struct hosts hosts = { .object = json_object() };
	json_t *object = pool_counts_to_json(info);
	if (json_object_set_new(object, "hosts", hosts.object) != 0) {
		json_decref(object);
		return output_json(NULL);
	}
	int result = count_hosts(context, &hosts);
	if (result == EXIT_DONE)
		return output_json(object);
	json_decref(object);
	return result;
}

static int cmd_pool_stat_run(struct context *context)
{
	struct relevo_pool_info info;
	if (context->count == 0)
		return cmd_pool_list.run(context);
	int result = connect_session(context);
	if (result != EXIT_DONE)
		return result;
	int status = pool_counts(context->session, context->arguments[0], &info);
	if (status == RELEVO_NOT_FOUND)
		return failure_say(status, "there is no pool \"%s\"", context->arguments[0]);
	if (status != RELEVO_OK)
		return failure_of(status);
	return context->json ? cmd_pool_stat_print_json(context, &info)
			     : cmd_pool_stat_print(context, &info);
}

const struct command cmd_pool_stat = {
	.name = "pool stat",
	.summary = "tell what a pool has to do and who serves it",
	.usage = "[NAME]",
	.help = "  waiting   tasks that no worker has\n"
		"  running   tasks that one has\n"
		"  done      tasks that were answered, or dropped\n"
		"  callers   who has it open\n"
		"  workers   that serve it, all and by host\n"
		"\n"
		"Without NAME it is the same as relevo pool list.\n",
	.least = 0,
	.most = 1,
	.run = cmd_pool_stat_run,
};
