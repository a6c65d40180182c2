using System.Runtime.Versioning;

// Processes and sockets are looked at as Linux shows them; elsewhere the program says so and ends.
[assembly: SupportedOSPlatform("linux")]
