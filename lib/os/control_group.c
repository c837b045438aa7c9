/* Finds the control groups that a process is in. */
#include "os/control_group.h"

#include <stdio.h>
#include <string.h>

/* A path of /proc is shorter; what does not fit is passed over. */
enum { PATH_ROOM = 4096, LINE_ROOM = 3 * PATH_ROOM };

/* Where control groups are, and which this process is in. */
struct place {
	const char *root;
	const char *controller;
	bool second;            /* version 2 */
	char mount[PATH_ROOM];  /* where they are to be seen */
	char top[PATH_ROOM];    /* the group that is to be seen there */
	char folder[PATH_ROOM]; /* of one group */
};

bool control_group_read(const struct control_group *group, const char *name, char *text, int size)
{
	char path[2 * PATH_ROOM];
	snprintf(path, sizeof path, "%s/%s", group->folder, name);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	bool read = fgets(text, size, file) != NULL;
	fclose(file);
	return read;
}

/* ---- from a group to the top -------------------------------------------------------- */

/* Its path as it is to be seen below the mount; "" where it is not. */
static const char *path_below(const struct place *place, const char *group)
{
	size_t length = strcmp(place->top, "/") == 0 ? 0 : strlen(place->top);
	if (strncmp(group, "/..", 3) == 0 || strncmp(group, place->top, length) != 0 ||
	    (group[length] != '/' && group[length] != '\0'))
		return "";
	return group + length;
}

static void visit_path(struct place *place, const char *group, control_group_visit *visit,
		       void *context)
{
	const char *below = path_below(place, group);
	size_t shortest = strlen(place->root) + strlen(place->mount);
	size_t size = sizeof place->folder;
	int length = snprintf(place->folder, size, "%s%s%s", place->root, place->mount, below);
	if ((size_t)length >= size)
		return;
	const struct control_group found = { place->second, place->folder };
	for (char *end = place->folder + length;
	     end != NULL && (size_t)(end - place->folder) >= shortest;
	     end = strrchr(place->folder, '/')) {
		*end = '\0';
		visit(&found, context);
	}
}

/* ---- /proc ---------------------------------------------------------------------------- */

static bool names_controller(char *list, const char *controller)
{
	char *rest;
	for (char *word = strtok_r(list, ",\n", &rest); word != NULL;
	     word = strtok_r(NULL, ",\n", &rest)) {
		if (strcmp(word, controller) == 0)
			return true;
	}
	return false;
}

/* The line of the process's groups that is about this place: number:controllers:path. */
static bool read_group(const struct place *place, char group[PATH_ROOM])
{
	char path[PATH_ROOM], line[LINE_ROOM];
	bool found = false;
	snprintf(path, sizeof path, "%s/proc/self/cgroup", place->root);
	FILE *file = fopen(path, "re");
	while (!found && file != NULL && fgets(line, sizeof line, file) != NULL) {
		char *controllers = strchr(line, ':');
		char *where = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
		if (where == NULL)
			continue;
		*where++ = '\0';
		where[strcspn(where, "\n")] = '\0';
		found = place->second ? controllers[1] == '\0'
				      : names_controller(controllers + 1, place->controller);
		if (found)
			snprintf(group, PATH_ROOM, "%.*s", PATH_ROOM - 1, where);
	}
	if (file != NULL)
		fclose(file);
	return found;
}

/* A mount of control groups that may know the controller. */
static bool read_mount(char *line, struct place *place)
{
	char options[PATH_ROOM], type[16];
	char *rest = strstr(line, " - ");
	if (rest == NULL || sscanf(rest, " - %15s %*s %4095s", type, options) != 2 ||
	    sscanf(line, "%*s %*s %*s %4095s %4095s", place->top, place->mount) != 2)
		return false;
	place->second = strcmp(type, "cgroup2") == 0;
	return place->second ||
	       (strcmp(type, "cgroup") == 0 && names_controller(options, place->controller));
}

void control_groups_visit(const char *root, const char *controller, control_group_visit *visit,
			  void *context)
{
	char path[PATH_ROOM], line[LINE_ROOM], group[PATH_ROOM];
	struct place place = { .root = root, .controller = controller };
	snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
	FILE *file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		if (read_mount(line, &place) && read_group(&place, group))
			visit_path(&place, group, visit, context);
	}
	if (file != NULL)
		fclose(file);
}
