/* Whoever made shared memory, has it open, holds its lock or keeps its name is
 * killed: nobody waits for the dead, and nothing is left anywhere. */
#include "support/queues.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

static relevo_shared *open_with(relevo_session *session, const char *name,
				const struct relevo_shared_options *options)
{
	relevo_shared *shared = NULL;
	assert_ok(relevo_shared_open(session, name, 4096, options, &shared));
	return shared;
}

/* ---- traces ------------------------------------------------------------ */

/* The inode of the memory behind an address of this process. */
static ino_t inode_at(const void *address)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	ino_t found = 0;
	assert_non_null(maps);
	while (found == 0 && fgets(line, sizeof line, maps) != NULL) {
		unsigned long first, end, inode;
		char rest[256] = "";
		if (sscanf(line, "%lx-%lx %*s %*s %*s %lu %255s", &first, &end, &inode, rest) < 3)
			continue;
		if ((uintptr_t)address >= first && (uintptr_t)address < end) {
			assert_string_equal(rest, "/memfd:relevo");
			found = inode;
		}
	}
	fclose(maps);
	assert_true(found != 0);
	return found;
}

static bool maps_it(const char *process, ino_t inode)
{
	char path[64], line[512];
	bool found = false;
	snprintf(path, sizeof path, "/proc/%.20s/maps", process);
	FILE *maps = fopen(path, "re");
	if (maps == NULL)
		return false;
	while (!found && fgets(line, sizeof line, maps) != NULL) {
		unsigned long has = 0;
		if (strstr(line, "/memfd:relevo") != NULL &&
		    sscanf(line, "%*s %*s %*s %*s %lu", &has) == 1)
			found = has == inode;
	}
	fclose(maps);
	return found;
}

static bool folder_has_it(const char *path, ino_t inode)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool found = false;
	while (folder != NULL && !found && (entry = readdir(folder)) != NULL) {
		struct stat file;
		char link[512] = "";
		if (fstatat(dirfd(folder), entry->d_name, &file, 0) < 0 || file.st_ino != inode)
			continue;
		/* Other file systems have that number too. */
		ssize_t size = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
		found = size < 0 || strncmp(link, "/memfd:relevo", 13) == 0;
	}
	if (folder != NULL)
		closedir(folder);
	return found;
}

static bool process_has_it(const char *process, ino_t inode)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%.20s/fd", process);
	return maps_it(process, inode) || folder_has_it(path, inode);
}

static bool has_vanished(void *argument)
{
	const ino_t *inode = argument;
	struct dirent *entry;
	bool found = folder_has_it("/dev/shm", *inode);
	DIR *processes = opendir("/proc");
	assert_non_null(processes);
	while (!found && (entry = readdir(processes)) != NULL)
		found = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
			process_has_it(entry->d_name, *inode);
	closedir(processes);
	return !found;
}

/* ---- children ---------------------------------------------------------- */

struct part {
	const char *url;
	relevo_shared *inherited;
	const struct relevo_shared_options *options;
	struct gate *done;
};

static void stay(void)
{
	for (;;)
		pause();
}

static void open_and_stay(void *argument)
{
	struct part *part = argument;
	relevo_session *session;
	relevo_shared *shared;
	child_check(relevo_session_open(part->url, NULL, &session) == RELEVO_OK);
	child_check(relevo_shared_open(session, "m", 4096, part->options, &shared) == RELEVO_OK);
	strcpy(relevo_shared_data(shared), "of the dead");
	gate_open(part->done);
	stay();
}

static pid_t start_holder(struct scene *scene, const struct relevo_shared_options *options)
{
	struct gate done;
	gate_make(&done);
	struct part part = { .url = scene->broker.url, .options = options, .done = &done };
	pid_t child = child_start(open_and_stay, &part);
	gate_pass(&done);
	gate_close(&done);
	return child;
}

static void lock_and_stay(void *argument)
{
	struct part *part = argument;
	child_check(relevo_shared_lock(part->inherited, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_shared_lock(part->inherited, 0, NULL) == RELEVO_OK);
	gate_open(part->done);
	stay();
}

/* ---- the lock ---------------------------------------------------------- */

struct waiting {
	relevo_shared *shared;
	struct gate *begun;
};

static void wait_for_the_dead(void *argument)
{
	struct waiting *waiting = argument;
	bool owner_died = false;
	gate_open(waiting->begun);
	child_check(relevo_shared_lock(waiting->shared, TEST_PATIENCE, &owner_died) == RELEVO_OK);
	child_check(owner_died);
	child_check(relevo_shared_unlock(waiting->shared) == RELEVO_OK);
}

static void a_killed_owner_leaves_the_lock_to_the_next(void **state)
{
	struct scene *scene = *state;
	relevo_shared *shared = open_with(scene->session, NULL, NULL);
	struct gate done, begun;
	bool owner_died = true;
	gate_make(&done);
	gate_make(&begun);
	struct part part = { .inherited = shared, .done = &done };
	pid_t owner = child_start(lock_and_stay, &part);
	gate_pass(&done);
	assert_status(relevo_shared_lock(shared, 0, &owner_died), RELEVO_TIMED_OUT);
	assert_false(owner_died);
	struct waiting waiting = { shared, &begun };
	pid_t waiter = child_start(wait_for_the_dead, &waiting);
	gate_pass(&begun);
	child_kill(owner);
	child_join(waiter);
	/* It has been told once. */
	assert_ok(relevo_shared_lock(shared, TEST_PATIENCE, &owner_died));
	assert_false(owner_died);
	assert_ok(relevo_shared_unlock(shared));
	relevo_shared_close(shared);
	gate_close(&done);
	gate_close(&begun);
}

/* Two numbers that are equal whenever nobody is between the two lines. */
struct pair {
	volatile long first, second;
};

static void keep_them_equal(void *argument)
{
	struct part *part = argument;
	struct pair *pair = relevo_shared_as(part->inherited, struct pair);
	gate_open(part->done);
	for (;;) {
		bool owner_died;
		child_check(relevo_shared_lock(part->inherited, TEST_PATIENCE, &owner_died) ==
			    RELEVO_OK);
		if (owner_died)
			pair->second = pair->first;
		child_check(pair->first == pair->second);
		pair->first++;
		pair->second++;
		child_check(relevo_shared_unlock(part->inherited) == RELEVO_OK);
	}
}

static void owners_killed_at_any_moment_wedge_nobody(void **state)
{
	enum { ROUNDS = 100, CHILDREN = 3 };
	struct scene *scene = *state;
	relevo_shared *shared = open_with(scene->session, NULL, NULL);
	struct pair *pair = relevo_shared_as(shared, struct pair);
	struct gate done;
	pid_t children[CHILDREN];
	gate_make(&done);
	struct part part = { .inherited = shared, .done = &done };
	for (int i = 0; i < CHILDREN; i++)
		children[i] = child_start(keep_them_equal, &part);
	for (int round = 0; round < ROUNDS; round++) {
		bool owner_died;
		gate_pass(&done);
		child_kill(children[round % CHILDREN]);
		assert_ok(relevo_shared_lock(shared, TEST_PATIENCE, &owner_died));
		if (owner_died)
			pair->second = pair->first;
		assert_int_equal(pair->first, pair->second);
		assert_ok(relevo_shared_unlock(shared));
		children[round % CHILDREN] = child_start(keep_them_equal, &part);
	}
	for (int i = 0; i < CHILDREN; i++)
		child_kill(children[i]);
	relevo_shared_close(shared);
	gate_close(&done);
}

/* ---- the memory -------------------------------------------------------- */

static void what_the_dead_made_is_whole(void **state)
{
	struct scene *scene = *state;
	pid_t creator = start_holder(scene, NULL);
	child_kill(creator);
	relevo_shared *shared = open_with(scene->session, "m", NULL);
	ino_t inode = inode_at(relevo_shared_data(shared));
	assert_false(relevo_shared_created(shared));
	assert_string_equal(relevo_shared_data(shared), "of the dead");
	assert_ok(relevo_shared_lock(shared, 0, NULL));
	assert_false(has_vanished(&inode));
	relevo_shared_close(shared);
	assert_ok(relevo_shared_delete(scene->session, "m"));
	assert_true(eventually(has_vanished, &inode));
}

static void open_again_and_again(void *argument)
{
	struct part *part = argument;
	relevo_session *session;
	child_check(relevo_session_open(part->url, NULL, &session) == RELEVO_OK);
	gate_open(part->done);
	for (;;) {
		relevo_shared *shared;
		child_check(relevo_shared_open(session, "m", 4096, NULL, &shared) == RELEVO_OK);
		relevo_shared_close(shared);
		relevo_shared_delete(session, "m");
	}
}

/* Wherever in its making the creator dies, the lock works. */
static void creators_killed_at_any_moment_wedge_nobody(void **state)
{
	enum { ROUNDS = 60 };
	struct scene *scene = *state;
	struct gate done;
	gate_make(&done);
	struct part part = { .url = scene->broker.url, .done = &done };
	for (int round = 0; round < ROUNDS; round++) {
		pid_t creator = child_start(open_again_and_again, &part);
		gate_pass(&done);
		poll(NULL, 0, round % 3);
		child_kill(creator);
		bool owner_died = true;
		relevo_shared *shared = open_with(scene->session, "m", NULL);
		assert_ok(relevo_shared_lock(shared, 0, &owner_died));
		assert_false(owner_died);
		relevo_shared_close(shared);
	}
	assert_ok(relevo_shared_delete(scene->session, "m"));
	gate_close(&done);
}

static bool name_is_free(void *argument)
{
	const struct relevo_shared_options existing = { .mode = RELEVO_OPEN_EXISTING };
	relevo_shared *shared = NULL;
	int status = relevo_shared_open(argument, "m", 0, &existing, &shared);
	relevo_shared_close(shared);
	return status == RELEVO_NOT_FOUND;
}

static void the_last_of_its_holders_takes_it_along(void **state)
{
	struct scene *scene = *state;
	const struct relevo_shared_options unused = { .lifetime = RELEVO_LIFETIME_UNTIL_UNUSED };
	pid_t creator = start_holder(scene, &unused);
	pid_t second = start_holder(scene, &unused);
	relevo_shared *shared = open_with(scene->session, "m", &unused);
	ino_t inode = inode_at(relevo_shared_data(shared));
	child_kill(creator);
	relevo_shared_close(shared);
	assert_false(has_vanished(&inode));
	child_kill(second);
	assert_true(eventually(name_is_free, scene->session));
	assert_true(eventually(has_vanished, &inode));
}

static void a_killed_session_takes_its_names_along(void **state)
{
	struct scene *scene = *state;
	const struct relevo_shared_options with = { .lifetime = RELEVO_LIFETIME_SESSION };
	pid_t creator = start_holder(scene, &with);
	relevo_shared *shared = open_with(scene->session, "m", &with);
	ino_t inode = inode_at(relevo_shared_data(shared));
	child_kill(creator);
	assert_true(eventually(name_is_free, scene->session));
	/* Who has it open keeps it. */
	assert_string_equal(relevo_shared_data(shared), "of the dead");
	assert_ok(relevo_shared_lock(shared, 0, NULL));
	relevo_shared_close(shared);
	assert_true(eventually(has_vanished, &inode));
}

/* ---- the broker -------------------------------------------------------- */

static void add_one(void *argument)
{
	child_check(relevo_shared_lock(argument, TEST_PATIENCE, NULL) == RELEVO_OK);
	++*relevo_shared_as(argument, int);
	child_check(relevo_shared_unlock(argument) == RELEVO_OK);
}

static void memory_outlives_the_broker_and_nothing_outlives_both(void **state)
{
	struct test_broker broker;
	(void)state;
	test_broker_start(&broker, NULL);
	relevo_session *session = session_open(broker.url);
	relevo_shared *shared = open_with(session, "m", NULL);
	ino_t inode = inode_at(relevo_shared_data(shared));
	assert_int_equal(kill(broker.pid, SIGKILL), 0);
	assert_int_equal(test_wait(broker.pid), 128 + SIGKILL);
	add_one(shared);
	child_join(child_start(add_one, shared));
	assert_int_equal(*relevo_shared_as(shared, int), 2);
	relevo_shared *more = NULL;
	assert_true(relevo_shared_open(session, "n", 10, NULL, &more) != RELEVO_OK);
	assert_null(more);
	relevo_shared_close(shared);
	assert_true(has_vanished(&inode));
	relevo_session_close(session);
	test_folder_remove(broker.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(a_killed_owner_leaves_the_lock_to_the_next),
		scene_unit_test(owners_killed_at_any_moment_wedge_nobody),
		scene_unit_test(what_the_dead_made_is_whole),
		scene_unit_test(creators_killed_at_any_moment_wedge_nobody),
		scene_unit_test(the_last_of_its_holders_takes_it_along),
		scene_unit_test(a_killed_session_takes_its_names_along),
		leaks_unit_test(memory_outlives_the_broker_and_nothing_outlives_both),
	};
	return cmocka_run_group_tests_name("shared_killed", tests, NULL, NULL);
}
