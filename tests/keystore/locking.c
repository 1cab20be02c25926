/* SoftHSM2 with the PIN counter of a real token: three wrong PINs lock it. SoftHSM itself never locks.

   TRIES names a file that gets a byte for each wrong PIN, and CANNOT_LOCK makes it a module that serves one thread at a time. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef unsigned long (*function)();
struct list { unsigned char version[2]; function of[68]; };
enum { INITIALIZE = 0, TOKEN_INFO = 6, LOGIN = 18 };
enum { PIN_INCORRECT = 0xA0, PIN_LOCKED = 0xA4, CANT_LOCK = 0x0A, FINAL_TRY = 0x20000, LOCKED = 0x40000 };
static struct list ours;
static function real_initialize, real_token_info, real_login;

static long tries(void) {
  struct stat file;
  const char *name = getenv("TRIES");
  return name && stat(name, &file) == 0 ? file.st_size : 0;
}

static unsigned long initialize(unsigned long *arguments) {
  if (arguments && getenv("CANNOT_LOCK")) return CANT_LOCK;
  return real_initialize(arguments);
}

static unsigned long token_info(unsigned long slot, char *info) {
  unsigned long result = real_token_info(slot, info), flags;
  memcpy(&flags, info + 96, sizeof flags);
  flags |= tries() >= 3 ? LOCKED : tries() == 2 ? FINAL_TRY : 0;
  memcpy(info + 96, &flags, sizeof flags);
  return result;
}

static unsigned long login(unsigned long session, unsigned long user, char *pin, unsigned long length) {
  if (tries() >= 3) return PIN_LOCKED;
  unsigned long result = real_login(session, user, pin, length);
  if (result == PIN_INCORRECT && getenv("TRIES")) {
    FILE *file = fopen(getenv("TRIES"), "a");
    fputc('x', file);
    fclose(file);
  }
  return result;
}

unsigned long C_GetFunctionList(struct list **given) {
  struct list *theirs;
  void *library = dlopen(REAL, RTLD_NOW);
  if (!library) return 5;
  ((function)dlsym(library, "C_GetFunctionList"))(&theirs);
  if (!ours.of[0]) {
    ours = *theirs;
    real_initialize = ours.of[INITIALIZE], real_token_info = ours.of[TOKEN_INFO], real_login = ours.of[LOGIN];
    ours.of[INITIALIZE] = initialize, ours.of[TOKEN_INFO] = token_info, ours.of[LOGIN] = login;
  }
  *given = &ours;
  return 0;
}
