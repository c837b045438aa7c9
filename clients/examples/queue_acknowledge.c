/*
 * A queue with a name, to which whoever knows it may come: no handle has to be passed on. Its
 * items are held by who works on them until he says that he has done so; when he dies first,
 * somebody else gets them.
 */
#include "must.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define NAME "orders"

static int work(relevo_tuple *arguments)
{
	relevo_session *session;
	relevo_queue *orders;
	relevo_item order;
	size_t got;
	bool dies;
	must(relevo_tuple_bool(arguments, 0, &dies));
	must(relevo_process_session(&session));
	must(relevo_queue_open(session, NAME, NULL, &orders));
	must(relevo_queue_lease(orders, RELEVO_FOREVER, &order, 1, &got));
	printf("%s has %s, which was handed out %u times\n",
	       relevo_process_name(relevo_process_current()), (char *)order.data, order.deliveries);
	fflush(stdout);
	if (dies)
		kill(getpid(), SIGKILL);
	must(relevo_queue_ack(orders, &order, 1));
	relevo_item_free(&order);
	relevo_queue_close(orders);
	return 0;
}

static void run_worker(const char *name, bool dies)
{
	relevo_tuple *arguments;
	relevo_process *worker;
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_bool(arguments, NULL, dies));
	const struct relevo_process_options options = { .name = name, .arguments = arguments };
	must(relevo_process_new(work, &options, &worker));
	relevo_tuple_free(arguments);
	must(relevo_process_start(worker));
	must(relevo_process_join(worker, RELEVO_FOREVER));
	relevo_process_free(worker);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const char *order = "two coffees";
	relevo_session *session;
	relevo_queue *orders;
	must(relevo_process_session(&session));
	must(relevo_queue_open(session, NAME, NULL, &orders));
	must(relevo_queue_put(orders, order, strlen(order), RELEVO_FOREVER));
	run_worker("the first", true);
	run_worker("the second", false);
	must(relevo_queue_join(orders, RELEVO_FOREVER));
	printf("nothing is left to do\n");
	relevo_queue_close(orders);
	must(relevo_queue_delete(session, NAME));
	return 0;
}
