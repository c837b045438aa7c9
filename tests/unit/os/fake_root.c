/* A folder that stands for the root of the file system. */
#include "fake_root.h"

#include "support/broker.h"
#include "support/process.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

char root[64];

int make_root(void **state)
{
	(void)state;
	test_folder_make(root);
	return 0;
}

int remove_root(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", root);
	return system(command);
}

void write_file(const char *path, const char *text)
{
	char whole[PATH_MAX];
	snprintf(whole, sizeof whole, "%s%s", root, path);
	for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL;
	     slash++) {
		*slash = '\0';
		assert_true(mkdir(whole, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	FILE *file = fopen(whole, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}
