/* InstanceInfo: describes the instance. The parts and their order are those of a recorded answer. */
(function scriptedWebServiceOperation(request, response) {
    var document = new XMLDocument('<executeResponse/>');
    var name = gs.getProperty('instance_name');
    document.setCurrent(document.createElement('result'));
    document.createElement('install_name', 'Practice instance');
    document.createElement('instance_name', name);
    document.createElement('instance_id', gs.getProperty('instance_id'));
    document.createElement('build_date', gs.getProperty('glide.builddate'));
    document.createElement('build_tag', gs.getProperty('glide.buildtag'));
    document.createElement('system_id', name + ':practice');
    document.createElement('node_id', gs.getProperty('glide.node_id'));
    document.createElement('instance_ip', '127.0.0.1');
    document.createElement('mid_buildstamp', gs.getProperty('mid.buildstamp'));
    document.createElement('mid_version', gs.getProperty('glide.builddate'));
    response.soapResponseElement = document.getDocumentElement();
})(request, response);
