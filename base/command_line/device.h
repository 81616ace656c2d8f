// The names of devices that --device takes: auto, cpu, cuda[:N], opencl[:N], pci:ADDRESS.
#pragma once

#include <string>

#include "base/status.h"

namespace prooflode {

// What a device's name looks like, for messages.
inline constexpr char kDeviceNames[] = "auto, cpu, cuda:N, opencl:N or pci:0000:01:00.0";

// Whether `name` has the form of a device's name, there or not.
bool IsDeviceName(const std::string& name);
// Whether this build has the device: auto and cpu. kNotFound otherwise, naming the device and what there is.
Status FindDevice(const std::string& name);

}  // namespace prooflode
