#ifndef OS_CONTROL_GROUP_H
#define OS_CONTROL_GROUP_H

#include <stdbool.h>

/*
 * Control groups (of a container, say), as they stand in /proc and where that says. A process is
 * in one of each hierarchy, and what is set for those above it holds, too, as far as they are to
 * be seen.
 */
struct control_group {
	bool second;        /* version 2 */
	const char *folder; /* where its files are */
};

typedef void control_group_visit(const struct control_group *group, void *context);

/* Visit the group that this process is in, and those above it, of all hierarchies that may know
 * that controller, such as "cpu". All paths begin with `root`, which is "" but in tests. */
void control_groups_visit(const char *root, const char *controller, control_group_visit *visit,
			  void *context);

/* The first line of a file of the group. False: there is none. */
bool control_group_read(const struct control_group *group, const char *name, char *text, int size);

#endif
