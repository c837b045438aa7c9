/* Measuring the round trips of one client while another attacks the broker. */
#include "bench/attack.h"

#include "base/clock.h"
#include "bench/actors.h"
#include "bench/die.h"
#include "bench/queue_name.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void linger(struct raw_client *client)
{
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.lifetime = RELEVO__LIFETIME__LIFETIME_SESSION;
	Relevo__Header opening = RAW_HEADER(QUEUE_OPEN, queue_open, &open);
	get.queue = raw_client_await(client, raw_client_add(client, &opening))->queue_opened->queue;
	get.timeout_ms = 300;
	Relevo__Header header = RAW_HEADER(QUEUE_GET, queue_get, &get);
	(void)raw_client_await(client, raw_client_add(client, &header));
}

/* In a process of its own: says when it is prepared, and begins when it is told. */
static void play(const struct attack *attack, const char *url, int ready, int go)
{
	struct raw_client client;
	char byte = 0;
	raw_client_open(&client, url);
	attack->prepare(&client);
	if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1)
		die("the attack has lost its starter");
	attack->strike(&client);
	if (attack->at_once && write(ready, &byte, 1) != 1)
		die("the attack has lost its starter");
	raw_client_flush(&client);
	/* What is left to do is done beside the round trips, too. */
	linger(&client);
	_exit(0);
}

static double round_trip(relevo_queue *queue)
{
	relevo_item item;
	nsec_t before = clock_now();
	must(relevo_queue_put(queue, "x", 1, RELEVO_FOREVER), "relevo_queue_put");
	must(relevo_queue_get(queue, RELEVO_FOREVER, &item), "relevo_queue_get");
	nsec_t after = clock_now();
	relevo_item_free(&item);
	return (double)(after - before) / NSEC_PER_MSEC;
}

/* Nothing of the attack has been looked at when this is sent, and all of it stands before. */
static double round_trip_behind(const struct fixture *fixture, int ready, int go)
{
	struct raw_client client;
	Relevo__Flush flush = RELEVO__FLUSH__INIT;
	Relevo__Header header = RAW_HEADER(FLUSH, flush, &flush);
	char byte = 0;
	int status;
	raw_client_open(&client, fixture->url);
	if (kill(fixture->pid, SIGSTOP) < 0 || waitpid(fixture->pid, &status, WUNTRACED) < 0)
		die_errno("the broker cannot be stopped");
	if (write(go, &byte, 1) != 1 || read(ready, &byte, 1) != 1)
		die("the attack has not begun");
	uint64_t call = raw_client_add(&client, &header);
	raw_client_send(&client);
	nsec_t before = clock_now();
	if (kill(fixture->pid, SIGCONT) < 0)
		die_errno("kill");
	(void)raw_client_await(&client, call);
	nsec_t after = clock_now();
	raw_client_close(&client);
	return (double)(after - before) / NSEC_PER_MSEC;
}

static double worst_until_end(relevo_queue *queue, pid_t pid)
{
	double worst = 0;
	int status;
	do {
		double took = round_trip(queue);
		worst = took > worst ? took : worst;
	} while (waitpid(pid, &status, WNOHANG) == 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("the attack has failed");
	return worst;
}

double attack_worst(const struct fixture *fixture, const struct attack *attack)
{
	int ready[2], go[2];
	char byte = 0;
	const struct queue_name name = queue_name_new("beside");
	if (pipe(ready) < 0 || pipe(go) < 0)
		die_errno("pipe");
	pid_t parent = getpid(), pid = fork();
	if (pid < 0)
		die_errno("fork");
	if (pid == 0) {
		end_with_parent(parent);
		play(attack, fixture->url, ready[1], go[0]);
	}
	/* Its end is the end of these. */
	close(ready[1]);
	close(go[0]);
	relevo_session *session = session_to(fixture->url);
	relevo_queue *queue = queue_of(session, &name);
	(void)round_trip(queue);
	if (read(ready[0], &byte, 1) != 1)
		die("the attack was not prepared");
	double worst = 0, took;
	if (attack->at_once)
		worst = round_trip_behind(fixture, ready[0], go[1]);
	else if (write(go[1], &byte, 1) != 1)
		die("the attack cannot begin");
	took = worst_until_end(queue, pid);
	worst = took > worst ? took : worst;
	relevo_queue_close(queue);
	must(relevo_session_close(session), "relevo_session_close");
	close(ready[0]);
	close(go[1]);
	return worst;
}
