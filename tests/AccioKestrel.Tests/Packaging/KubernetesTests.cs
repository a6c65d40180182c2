using k8s;
using k8s.Models;
using Microsoft.Extensions.Configuration;

namespace AccioKestrel.Tests.Packaging;

/// <summary>The manifest in <c>deploy/kubernetes</c>, read as the API's types: a name that these do not have is an error.</summary>
public sealed class KubernetesTests
{
    private readonly List<object> _objects =
        KubernetesYaml.LoadAllFromString(File.ReadAllText(Repository.PathOf("deploy/kubernetes/accio.yaml")), strict: true);

    private V1PodSpec Pod => Assert.Single(_objects.OfType<V1Deployment>()).Spec.Template.Spec;

    private V1Container Container => Assert.Single(Pod.Containers);

    [Fact]
    public void Image_IsThisVersion() => Assert.Equal($"accio-kestrel:{Build.Version}", Container.Image);

    [Fact]
    public void Probes_AskTheStatusEndpoint()
    {
        Assert.Equal("0.0.0.0:8080", Container.Args.SkipWhile(argument => argument is not "--status").ElementAt(1));
        Assert.Equal(8080, Assert.Single(Container.Ports, port => port.Name is "status").ContainerPort);
        Assert.Equal("/healthz/ready", Container.ReadinessProbe.HttpGet.Path);
        Assert.Equal("/healthz/live", Container.LivenessProbe.HttpGet.Path);
        Assert.All([Container.ReadinessProbe, Container.LivenessProbe], probe => Assert.Equal("status", probe.HttpGet.Port.Value));
    }

    [Fact]
    public void Service_LeadsToTheAccioPortOfThePods()
    {
        var service = Assert.Single(_objects.OfType<V1Service>()).Spec;
        Assert.Equal(Assert.Single(_objects.OfType<V1Deployment>()).Spec.Template.Metadata.Labels, service.Selector);
        var port = Assert.Single(service.Ports);
        Assert.Equal("accio", port.TargetPort.Value);
        Assert.Equal(5000, Assert.Single(Container.Ports, known => known.Name is "accio").ContainerPort);
        Assert.Equal("5000", Container.Args[0]);
    }

    [Fact]
    public void TerminationGracePeriod_IsLongerThanTheServersOwn()
    {
        const int hostLimit = 5;
        Assert.True(Pod.TerminationGracePeriodSeconds > Settings.ShutdownGrace(new ConfigurationManager()).TotalSeconds + hostLimit);
    }

    [Fact]
    public void Container_MayDoNothingThatItDoesNotNeed()
    {
        Assert.True(Pod.SecurityContext.RunAsNonRoot);
        Assert.Equal("RuntimeDefault", Pod.SecurityContext.SeccompProfile.Type);
        Assert.True(Container.SecurityContext.ReadOnlyRootFilesystem);
        Assert.False(Container.SecurityContext.AllowPrivilegeEscalation);
        Assert.Equal(["ALL"], Container.SecurityContext.Capabilities.Drop);
        Assert.Empty(Container.SecurityContext.Capabilities.Add ?? []);
    }

    [Fact]
    public void Resources_AreLimited()
    {
        Assert.Equal(128 * 1024 * 1024, Container.Resources.Limits["memory"].ToInt64());
        Assert.True(Container.Resources.Requests["memory"].ToInt64() < Container.Resources.Limits["memory"].ToInt64());
        Assert.True(Container.Resources.Requests["cpu"].ToDecimal() < Container.Resources.Limits["cpu"].ToDecimal());
    }
}
