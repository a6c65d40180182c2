using System.CommandLine;

namespace AccioKestrel.Checker;

/// <summary>A bad network by itself.</summary>
internal static class RelayCommand
{
    public static Command Create()
    {
        var listen = new Argument<string>("LISTEN") { Description = "The address to listen on, HOST:PORT; port 0 is a free one." };
        var target = new Argument<string>("TARGET") { Description = "The server, HOST:PORT." };
        var emulate = CheckOptions.EmulateOption(Emulation.Instructor);
        var seed = CheckOptions.SeedOption();
        var command = new Command("relay", "Stand between clients and a server as a bad network.") { listen, target, emulate, seed };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var emulation = arguments.GetValue(emulate)!;
            if (emulation.IsNamespace)
            {
                throw new UsageException("--emulate namespace is a network for servers under check; a relay needs latency, loss and so on.");
            }

            var from = await EndPoints.ParseAsync(arguments.GetValue(listen)!, isListening: true);
            var to = await EndPoints.ParseAsync(arguments.GetValue(target)!);
            await using var relay = new Relay(from, to, emulation, arguments.GetValue(seed));
            var roundTrip = await RelayMeasurement.RoundTripAsync(emulation, arguments.GetValue(seed));
            Console.WriteLine($"Listening on {relay.EndPoint}, for {to}: {emulation.Description}; measured round trip {roundTrip.TotalMilliseconds:0} ms");
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Console.WriteLine(relay.Summary);
            return ExitCode.Passed;
        });
        return command;
    }
}
