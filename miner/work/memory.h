// How much memory this machine has.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace prooflode::miner {

// Of the machine, or what a container or a service unit is limited to.
uint64_t MachineMemory();

// What processes can still get without swapping, as the kernel estimates it; nullopt where it does not say.
std::optional<uint64_t> AvailableMemory();
// The same from the text of /proc/meminfo.
std::optional<uint64_t> AvailableMemoryIn(std::string_view meminfo);

}  // namespace prooflode::miner
