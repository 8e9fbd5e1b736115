{# Effects of spikes on synapses: Brian2's loop, which fetches early what a later synapse needs. The synapses that a
   spike reaches lie scattered over arrays larger than a cache, and which ones come next is known. #}
{% extends 'common_synapses.cpp' %}
{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const std::vector<int>& _spiking_synapses = *{{pathway.name}}.peek();
    const int _n_spiking = (int)_spiking_synapses.size();
    for (int _k = 0; _k < _n_spiking; _k++)
    {
        const size_t _soon = _spiking_synapses[_k + 16 < _n_spiking ? _k + 16 : _n_spiking - 1];
        {% for array in synaptic_arrays(variables, variable_indices) %}
        __builtin_prefetch({{array}} + _soon);
        {% endfor %}
        const size_t _idx = _spiking_synapses[_k];
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
    }
{% endblock %}
