using AccioKestrel.Checker;

return await CommandLine.RunAsync(args);
