#include "miner/worker/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <iterator>
#include <vector>

#include "base/files.h"

namespace prooflode::miner {
namespace {

#if defined(__x86_64__) && !defined(PROOFLODE_SANITIZED)

constexpr int kDenied[] = {
    // files by name
    SYS_open,
    SYS_openat,
    SYS_openat2,
    SYS_creat,
    SYS_open_by_handle_at,
    SYS_unlink,
    SYS_unlinkat,
    SYS_rename,
    SYS_renameat,
    SYS_renameat2,
    SYS_link,
    SYS_linkat,
    SYS_symlink,
    SYS_symlinkat,
    SYS_mkdir,
    SYS_mkdirat,
    SYS_rmdir,
    SYS_mknod,
    SYS_mknodat,
    SYS_chmod,
    SYS_fchmodat,
    SYS_chown,
    SYS_lchown,
    SYS_fchownat,
    SYS_truncate,
    SYS_chdir,
    SYS_fchdir,
    SYS_chroot,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_readlink,
    SYS_readlinkat,
    SYS_getxattr,
    SYS_setxattr,
    SYS_inotify_init1,
    SYS_access,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_utimensat,
    // devices and terminals
    SYS_ioctl,
    SYS_fanotify_init,
    // network
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    // programs and other processes
    SYS_execve,
    SYS_execveat,
    SYS_fork,
    SYS_vfork,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kill,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_setpgid,
    SYS_setsid,
    SYS_setpriority,
    SYS_sched_setscheduler,
    SYS_sched_setparam,
    SYS_sched_setattr,
    SYS_kcmp,
    SYS_migrate_pages,
    SYS_move_pages,
    SYS_process_madvise,
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_semget,
    SYS_semop,
    SYS_semctl,
    SYS_msgget,
    SYS_msgsnd,
    SYS_msgrcv,
    SYS_msgctl,
    SYS_mq_open,
    SYS_mq_unlink,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_setns,
    SYS_unshare,
    // the kernel's larger doors
    SYS_bpf,
    SYS_perf_event_open,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_setuid,
    SYS_setgid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_personality,
};

void Add(std::vector<sock_filter>& code, uint16_t op, uint32_t k) { code.push_back({op, 0, 0, k}); }

// if (accumulator == value) return action;
void AddRule(std::vector<sock_filter>& code, uint32_t value, uint32_t result) {
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
  Add(code, BPF_RET | BPF_K, result);
}

// if (number == nr) return argument == value ? allow : EPERM; the lower half of the argument, which is all
// that the kernel looks at in a pid_t.
void AddArgumentRule(std::vector<sock_filter>& code, uint32_t nr, size_t argument, uint32_t value) {
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 4));
  Add(code, BPF_LD | BPF_W | BPF_ABS,
      static_cast<uint32_t>(offsetof(seccomp_data, args) + argument * sizeof(uint64_t)));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
  Add(code, BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  Add(code, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
}

Status InstallFilter() {
  constexpr uint32_t kLoad = BPF_LD | BPF_W | BPF_ABS;
  constexpr uint32_t kEperm = SECCOMP_RET_ERRNO | EPERM;
  constexpr uint32_t kX32Bit = 0x40000000;
  std::vector<sock_filter> code;
  Add(code, kLoad, offsetof(seccomp_data, arch));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
  Add(code, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  Add(code, kLoad, offsetof(seccomp_data, nr));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1));
  Add(code, BPF_RET | BPF_K, kEperm);
  for (const int nr : kDenied) AddRule(code, static_cast<uint32_t>(nr), kEperm);
  // abort() signals the process itself, and getrlimit() is prlimit64 of process 0.
  AddArgumentRule(code, SYS_tgkill, 0, static_cast<uint32_t>(getpid()));
  AddArgumentRule(code, SYS_prlimit64, 0, 0);
  // The C library falls back to clone, whose flags a filter can read; only threads may be made.
  AddRule(code, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
  Add(code, kLoad, offsetof(seccomp_data, args[0]));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
  Add(code, BPF_RET | BPF_K, kEperm);
  Add(code, BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    return ErrnoStatus(errno, "prctl PR_SET_SECCOMP");
  }
  return absl::OkStatus();
}

#else

Status InstallFilter() { return absl::OkStatus(); }

#endif

Status CloseFrom(int first) {
  if (syscall(SYS_close_range, static_cast<unsigned>(first), ~0u, 0u) == 0) return absl::OkStatus();
  if (errno != ENOSYS) return ErrnoStatus(errno, "close_range");
  const long limit = sysconf(_SC_OPEN_MAX);
  for (int fd = first; fd < (limit > 0 ? limit : 1024); ++fd) close(fd);
  return absl::OkStatus();
}

}  // namespace

Status EnterSandbox(int first_fd_to_close) {
  PL_RETURN_IF_ERROR(CloseFrom(first_fd_to_close));
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return ErrnoStatus(errno, "prctl PR_SET_NO_NEW_PRIVS");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return ErrnoStatus(errno, "prctl PR_SET_DUMPABLE");
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return ErrnoStatus(errno, "setrlimit RLIMIT_CORE");
  return InstallFilter();
}

}  // namespace prooflode::miner
