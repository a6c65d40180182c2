using System.CommandLine;
using AccioKestrel.Fuzz;

var path = new Argument<string>("assembly");
var instrument = new Command("instrument", "Makes the branches of an assembly's code countable, in place.") { path };
// This process must not have touched that assembly's types before, so the rest of the program stays out of this method.
instrument.SetAction(result => Instrumentation.Apply(result.GetRequiredValue(path)));

var server = new Option<string>("--server") { Description = "The program to start.", Required = true };
var count = new Option<int>("--count") { Description = "How many times to start it.", DefaultValueFactory = _ => 200 };
var start = new Option<int>("--seed") { Description = "Of the cases: the same one makes the same cases.", DefaultValueFactory = _ => 1 };
var configuration = new Command("config", "Starts the program with combinations of options, variables and files.") { server, count, start };
configuration.SetAction(result =>
{
    using var fuzzing = new ConfigurationFuzzing(result.GetRequiredValue(server));
    return fuzzing.Run(result.GetValue(count), result.GetValue(start));
});

var corpus = new Option<DirectoryInfo>("--corpus") { Description = "Inputs to begin with, and where --keep puts new ones.", Required = true };
var seconds = new Option<double>("--seconds") { Description = "How long to go on after the corpus.", DefaultValueFactory = _ => 20 };
var seed = new Option<int>("--seed") { Description = "Of the mutations: the same one makes the same inputs.", DefaultValueFactory = _ => 1 };
var keep = new Option<bool>("--keep") { Description = "Replace the corpus by the smallest inputs found that cover the same." };
var tls = new Option<bool>("--tls") { Description = "The exchange inside TLS, with a handshake for each input." };
var proxy = new Option<bool>("--proxy") { Description = "The exchange behind a PROXY header, plain." };
var root = new RootCommand("Feeds the handler with mutated exchanges, and compares what it does with a model.") { instrument, configuration, corpus, seconds, seed, keep, tls, proxy };
root.SetAction(result => new Fuzzing(result.GetValue(tls), result.GetValue(proxy)).Run(
    result.GetRequiredValue(corpus), TimeSpan.FromSeconds(result.GetValue(seconds)), result.GetValue(seed), result.GetValue(keep)));
return root.Parse(args).Invoke();
