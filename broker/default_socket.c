/* Where the user's own broker listens by default, and the check that its folder is the
 * user's. */
#include "default_socket.h"

#include "os/own_ids.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int default_socket_refused(int why)
{
	return why == EACCES || why == EPERM || why == EROFS ? RELEVO_DENIED : RELEVO_SYSTEM;
}

/* Somebody else may have made it first where everybody may write. */
static int check_folder(const char *folder, struct error *error)
{
	struct stat status;
	if (lstat(folder, &status) < 0)
		return error_set_errno(error, default_socket_refused(errno), errno, "%s", folder);
	if (!S_ISDIR(status.st_mode))
		return error_set(error, RELEVO_DENIED, "%s is not a folder", folder);
	char who[USER_TEXT_ROOM];
	if (!user_is_own(status.st_uid))
		return error_set(error, RELEVO_DENIED, "%s belongs to %s, not to %u", folder,
				 user_text(status.st_uid, who), (unsigned)geteuid());
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(error, RELEVO_DENIED, "others may write in %s", folder);
	return RELEVO_OK;
}

int default_socket(char url[ADDRESS_MAX], struct error *error)
{
	struct address address;
	int status = address_default(url, error);
	if (status == RELEVO_OK)
		status = address_parse(url, &address, error);
	if (status != RELEVO_OK)
		return status;
	char *slash = strrchr(address.place, '/');
	*slash = '\0';
	/* The umask may have taken away the owner's rights. */
	int failed = mkdir(address.place, 0700) == 0 ? chmod(address.place, 0700) : -1;
	if (failed != 0 && errno != EEXIST)
		return error_set_errno(error, default_socket_refused(errno), errno,
				       "making the folder %s", address.place);
	return check_folder(address.place, error);
}
