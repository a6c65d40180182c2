using System.Net;

namespace AccioKestrel.Tests.Hosting;

/// <summary>Which addresses are in the networks of a setting, however both are written.</summary>
public sealed class NetworkListTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "11.1.2.3", false)]
    [InlineData("::ffff:10.0.0.0/104", "10.1.2.3", true)]
    [InlineData("::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true)]
    [InlineData("::ffff:10.1.2.3/128", "10.1.2.4", false)]
    [InlineData("2001:db8::/32", "2001:db8::1", true)]
    [InlineData("::/0", "10.1.2.3", false)]
    public void Address_IsInTheNetwork_AlsoAsAMappedOne(string network, string address, bool isIn) =>
        Assert.Equal(isIn, NetworkList.Parse(network)!.Contains(new IPEndPoint(IPAddress.Parse(address), 1)));
}
