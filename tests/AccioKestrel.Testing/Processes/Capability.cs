namespace AccioKestrel.Testing;

/// <summary>Capabilities of root that a container's root may lack: see capabilities(7). The values are the kernel's.</summary>
internal enum Capability
{
    OverrideFileModes = 1,
    BindPrivilegedPorts = 10,
    AdministerNetworks = 12,
    ChangeRootDirectory = 18,
    AdministerSystem = 21,
}
