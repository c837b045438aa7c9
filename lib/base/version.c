/* The version of the library that runs. */
#include <relevo/version.h>

int relevo_version_number(void)
{
	return RELEVO_VERSION_NUMBER;
}

const char *relevo_version(void)
{
	return RELEVO_VERSION;
}
